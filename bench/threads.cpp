// One client that several threads publish to.
#include "bench/meter.hpp"
#include "bench/roles.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mqtt_as/asio/client.hpp>
#include <thread>
#include <vector>

namespace bench {
namespace {

class program {
public:
    program(const load& l, std::uint32_t threads)
        : load_(l), body_(l.what.payload_size, 'x'), publishers_(threads), client_(loop_, settings()) {}

    int run() {
        client_.connect([this](std::error_code error, const mqtt_as::connect_result&) {
            if (error) return fail("connect", error);
            begin();
        });
        loop_.run();
        for (publisher& p : publishers_) {
            if (p.thread.joinable()) p.thread.join();
        }
        return status_;
    }

private:
    struct publisher {
        std::thread thread;
        std::atomic<std::uint32_t> room = 0;  // how many more may be outstanding
        std::uint32_t wake_at = 0;            // so much room is worth waking up for
    };

    mqtt_as::config settings() const {
        mqtt_as::config c;
        c.server = "127.0.0.1";
        c.port = load_.port;
        return c;
    }

    void begin() {
        const auto count = static_cast<std::uint32_t>(publishers_.size());
        for (publisher& p : publishers_) {
            p.room = load_.what.window / count;
            p.wake_at = std::max(p.room / 2, 1u);
            p.thread = std::thread([this, &p, count] { publish((load_.total()) / count, p); });
        }
    }

    void publish(std::uint32_t messages, publisher& p) {
        while (messages != 0) {
            for (std::uint32_t room = p.room; room < p.wake_at; room = p.room) p.room.wait(room);
            const std::uint32_t room = p.room.exchange(0);
            for (std::uint32_t i = 0; i < room && messages != 0; ++i, --messages) {
                client_.publish(topic, body_, {.qos = load_.what.qos},
                                [this, &p](std::error_code error, mqtt_as::publish_result) {
                                    if (error) return fail("publish", error);
                                    if (p.room.fetch_add(1) + 1 == p.wake_at) p.room.notify_one();
                                    one_more();
                                });
            }
        }
    }

    void one_more() {
        if (!meter_.one_more()) return;
        status_ = 0;
        loop_.stop();
    }

    [[noreturn]] static void fail(const char* what, std::error_code error) {
        std::fprintf(stderr, "bench: %s: %s\n", what, error.message().c_str());
        std::_Exit(2);
    }

    const load load_;
    const std::string body_;
    load_meter meter_{load_};
    int status_ = 2;
    std::vector<publisher> publishers_;
    mqtt_as::event_loop loop_;
    mqtt_as::MQTTClient client_;
};

}  // namespace

int run_threads(const load& l, std::uint32_t threads) { return program(l, threads).run(); }

}  // namespace bench
