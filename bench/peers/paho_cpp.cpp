// The peer Paho C++: its asynchronous client, with a listener for the end of each operation.
#include "bench/meter.hpp"
#include "bench/roles.hpp"

#include <atomic>
#include <cstdio>
#include <exception>
#include <mqtt/async_client.h>

namespace {

using namespace bench;

class program : public mqtt::iaction_listener, public mqtt::callback {
public:
    explicit program(const load& l)
        : load_(l), name_(topic_of(l.what)), body_(l.what.payload_size, 'x'),
          client_("tcp://127.0.0.1:" + std::to_string(l.port), "bench", 65'535, nullptr) {
        client_.set_callback(*this);
    }

    int run() {
        mqtt::connect_options options;
        options.set_clean_session(true);
        options.set_max_inflight(65'535);
        client_.connect(options)->wait();
        if (load_.what.way == direction::receive) {
            client_.subscribe(flood_filter(load_), load_.what.qos);
        } else {
            for (std::uint32_t i = 0; i < load_.what.window; ++i) begin_next();
        }
        is_over_.wait(false);
        return 0;
    }

private:
    void begin_next() {
        if (started_.fetch_add(1) >= load_.total()) return;
        client_.publish(name_, body_.data(), body_.size(), load_.what.qos, false, nullptr, *this);
    }

    void on_failure(const mqtt::token& token) override {
        std::fprintf(stderr, "mqtt-as-bench-peer-paho-cpp: failed with %d\n", token.get_return_code());
        std::_Exit(2);
    }
    void on_success(const mqtt::token&) override {
        if (load_.what.way != direction::publish) return;
        one_more();
        begin_next();
    }
    void message_arrived(mqtt::const_message_ptr) override {
        if (load_.what.way == direction::echo) meter_.lap();
        one_more();
        if (load_.what.way == direction::echo) begin_next();
    }

    /// In the client's one thread for callbacks.
    void one_more() {
        if (!meter_.one_more()) return;
        is_over_ = true;
        is_over_.notify_one();
    }

    const load load_;
    const std::string name_;
    const std::string body_;
    mqtt::async_client client_;
    load_meter meter_{load_};
    std::atomic<std::uint32_t> started_ = 0;
    std::atomic<bool> is_over_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    try {
        std::_Exit(program(load_of({argv + 1, static_cast<std::size_t>(argc - 1)})).run());  // its threads are running
    } catch (const std::exception& e) {
        std::fprintf(stderr, "mqtt-as-bench-peer-paho-cpp: %s\n", e.what());
        return 2;
    }
}
