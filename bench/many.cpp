// Many clients in one process, on one event loop: what one costs idle, how long all take to connect, what a message
// costs.
#include "bench/memory.hpp"
#include "bench/meter.hpp"
#include "bench/roles.hpp"

#include <cstdio>
#include <memory>
#include <mqtt_as/asio/client.hpp>
#include <vector>

namespace bench {
namespace {

/// More at a time would overflow the listener's backlog.
constexpr std::uint32_t connecting_max = 1'000;

class program {
public:
    program(const load& l, std::uint32_t clients) : load_(l), body_(l.what.payload_size, 'x') {
        open_many_files();
        clients_.reserve(clients + 1);
        // The first one brings code and the event loop with it, which are not the cost of each.
        connect([this, clients] { connect_all(clients); });
    }

    int run() {
        loop_.run();
        return status_;
    }

private:
    template <class Then>
    void connect(Then then) {
        mqtt_as::config c;
        c.server = "127.0.0.1";
        c.port = load_.port;
        clients_.push_back(std::make_unique<mqtt_as::MQTTClient>(loop_, c));
        clients_.back()->connect([this, then](std::error_code error, const mqtt_as::connect_result&) {
            if (error) return fail("connect", error);
            then();
        });
    }

    void connect_all(std::uint32_t count) {
        count_ = count;
        resident_kb_ = status_kb("VmRSS:");
        connecting_.start();
        for (std::uint32_t i = 0; i < count && i < connecting_max; ++i) connect_next();
    }

    void connect_next() {
        connect([this] {
            if (clients_.size() <= count_) connect_next();
            if (++connected_ == count_) begin();
        });
    }

    void begin() {
        meter::print("connect_us", connecting_.wall_ns() / 1'000);
        meter::print("rss_b", (status_kb("VmRSS:") - resident_kb_) * 1'024 / count_);
        if (load_.count == 0) {
            std::printf("\n");
            status_ = 0;
            return loop_.stop();
        }
        for (std::uint32_t n = 1; n <= count_; ++n) {
            for (std::uint32_t i = 0; i < load_.what.window; ++i) publish(*clients_[n]);
        }
    }

    void publish(mqtt_as::MQTTClient& client) {
        client.publish(topic, body_, {.qos = load_.what.qos},
                       [this, &client](std::error_code error, mqtt_as::publish_result) {
                           if (error) return fail("publish", error);
                           one_more();
                           publish(client);
                       });
    }

    void one_more() {
        if (!meter_.one_more()) return;
        status_ = 0;
        loop_.stop();
    }

    void fail(const char* what, std::error_code error) {
        std::fprintf(stderr, "bench: %s: %s\n", what, error.message().c_str());
        loop_.stop();
    }

    const load load_;
    const std::string body_;
    meter connecting_;
    load_meter meter_{load_};
    std::size_t resident_kb_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t connected_ = 0;
    int status_ = 2;
    mqtt_as::event_loop loop_;
    std::vector<std::unique_ptr<mqtt_as::MQTTClient>> clients_;
};

}  // namespace

int run_many(const load& l, std::uint32_t clients) { return program(l, clients).run(); }

}  // namespace bench
