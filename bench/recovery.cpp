// Clients that publish while their sink is killed and another one is started: how soon they are back, and what became
// of their messages.
#include "bench/meter.hpp"
#include "bench/process.hpp"
#include "bench/roles.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mqtt_as/asio/client.hpp>
#include <optional>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto publish_every = 20ms;
constexpr auto settling = 1s;   // before the sink dies, and after the last client is back
constexpr auto patience = 60s;  // with those that do not come back

class program {
public:
    program(std::uint32_t outage_s, std::uint32_t clients) : outage_(outage_s) {
        for (std::uint32_t i = 0; i < clients; ++i) {
            auto& s = senders_.emplace_back(std::make_unique<sender>());
            mqtt_as::config c;
            c.server = "127.0.0.1";
            c.port = port_;
            s->client = std::make_unique<mqtt_as::MQTTClient>(loop_, c);
            s->client->connect([this, &s = *s](std::error_code error, const mqtt_as::connect_result&) {
                refused_ += error ? 1 : 0;
                publish(s);
            });
        }
    }

    int run() {
        loop_.after(settling, [this] {
            sink_.reset();
            loop_.after(outage_, [this] {
                sink_.emplace(port_);
                listening_ = steady_clock::now();
                loop_.after(patience, [this] { end(); });
            });
        });
        loop_.run();
        return 0;
    }

private:
    struct sender {
        std::unique_ptr<mqtt_as::MQTTClient> client;
        std::optional<steady_clock::duration> recovered;
    };

    void publish(sender& s) {
        if (is_over_) {
            if (outstanding_ == 0) end();
            return;
        }
        ++outstanding_;
        s.client->publish(topic, "x", {.qos = 1}, [this, &s](std::error_code error, mqtt_as::publish_result) {
            --outstanding_;
            refused_ += error ? 1 : 0;
            if (listening_ && !s.recovered) on_recovered(s);
        });
        loop_.after(publish_every, [this, &s] { publish(s); });
    }

    void on_recovered(sender& s) {
        s.recovered = steady_clock::now() - *listening_;
        if (std::all_of(senders_.begin(), senders_.end(), [](const auto& one) { return one->recovered; }))
            loop_.after(settling, [this] { is_over_ = true; });
    }

    void end() {
        std::vector<std::uint64_t> ms;
        for (const auto& s : senders_) {
            const auto took = s->recovered.value_or(patience);
            ms.push_back(
                static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
        }
        std::sort(ms.begin(), ms.end());
        meter::print("median_ms", ms[ms.size() / 2]);
        meter::print("max_ms", ms.back());
        meter::print("lost", outstanding_);
        meter::print("refused", refused_);
        std::printf("\n");
        std::fflush(stdout);
        loop_.stop();
    }

    const std::chrono::seconds outage_;
    std::optional<sink_process> sink_{std::in_place};
    const std::uint16_t port_ = sink_->port();
    mqtt_as::event_loop loop_;
    std::vector<std::unique_ptr<sender>> senders_;
    std::optional<steady_clock::time_point> listening_;
    std::uint64_t outstanding_ = 0;
    std::uint64_t refused_ = 0;
    bool is_over_ = false;
};

}  // namespace

int run_recovery(std::uint32_t outage_s, std::uint32_t clients) { return program(outage_s, clients).run(); }

}  // namespace bench
