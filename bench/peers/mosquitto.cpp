// The peer libmosquitto, in its fastest way: one thread that calls its loop.
#include "bench/meter.hpp"
#include "bench/roles.hpp"

#include <cstdio>
#include <exception>
#include <mosquitto.h>

namespace {

using namespace bench;

class program {
public:
    explicit program(const load& l) : load_(l), name_(topic_of(l.what)), body_(l.what.payload_size, 'x') {
        mosquitto_lib_init();
        client_ = mosquitto_new("bench", true, this);
        mosquitto_int_option(client_, MOSQ_OPT_SEND_MAXIMUM, 65'535);
        mosquitto_connect_callback_set(client_, [](mosquitto*, void* self, int) { of(self).is_connected_ = true; });
        mosquitto_publish_callback_set(client_, [](mosquitto*, void* self, int) { of(self).on_published(); });
        mosquitto_message_callback_set(client_,
                                       [](mosquitto*, void* self, const mosquitto_message*) { of(self).on_message(); });
    }

    int run() {
        if (mosquitto_connect(client_, "127.0.0.1", load_.port, 60) != MOSQ_ERR_SUCCESS) return 2;
        while (!is_connected_) turn();
        if (load_.what.way == direction::receive)
            mosquitto_subscribe(client_, nullptr, flood_filter(load_).c_str(), load_.what.qos);
        while (meter_.done() < load_.total()) {
            while (load_.what.way != direction::receive && started_ < load_.total() &&
                   started_ - meter_.done() < load_.what.window)
                publish();
            if (meter_.done() < load_.total()) turn();
        }
        return status_;
    }

private:
    static program& of(void* self) { return *static_cast<program*>(self); }

    void turn() {
        if (mosquitto_loop(client_, 1'000, 1) != MOSQ_ERR_SUCCESS) std::terminate();
    }

    void publish() {
        ++started_;
        mosquitto_publish(client_, nullptr, name_.c_str(), static_cast<int>(body_.size()), body_.data(), load_.what.qos,
                          false);
    }

    void on_published() {
        if (load_.what.way == direction::publish) one_more();
    }
    void on_message() {
        if (load_.what.way == direction::echo) meter_.lap();
        one_more();
    }

    void one_more() {
        if (!meter_.one_more()) return;
        status_ = 0;
    }

    const load load_;
    const std::string name_;
    const std::string body_;
    mosquitto* client_;
    load_meter meter_{load_};
    bool is_connected_ = false;
    std::uint32_t started_ = 0;
    int status_ = 2;
};

}  // namespace

int main(int argc, char** argv) {
    try {
        return program(load_of({argv + 1, static_cast<std::size_t>(argc - 1)})).run();
    } catch (const std::exception& e) {
        std::fprintf(stderr, "mqtt-as-bench-peer-mosquitto: %s\n", e.what());
        return 2;
    }
}
