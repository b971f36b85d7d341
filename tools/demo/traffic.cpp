// Publishes on a timer, counts what arrives. The library does all the rest.
#include "tools/demo/traffic.hpp"

#include <memory>
#include <system_error>
#include <utility>

namespace mqtt_as::demo {

namespace {

using namespace std::chrono_literals;

constexpr const char* topic = "demo/numbers";
constexpr const char* filter = "demo/+";

}  // namespace

// ---- station ----------------------------------------------------------------------------------

station::station(event_loop& loop, config settings) : client(loop, watching(std::move(settings))) {}

config station::watching(config settings) {
    settings.wifi_coro = [this](bool up) {
        history_.update(
            [up](history& past) { (up ? past.ups : past.downs).push_back(std::chrono::steady_clock::now()); });
    };
    return settings;
}

station::history station::seen() const {
    return history_.look([](const history& past) { return past; });
}

// ---- traffic ----------------------------------------------------------------------------------

traffic::traffic(std::uint16_t port)
    : publisher(loop_, settings("publisher", port)), subscriber(loop_, [&] {
          config own = settings("subscriber", port);
          own.clean = false;  // the broker keeps for us what arrives while we are away
          own.subs_cb = [this](std::string_view, std::string_view text, bool) {
              book_.update([text](test::ledger& book) { book.deliver(text); });
          };
          return own;
      }()) {
    for (MQTTClient* each : {&publisher.client, &subscriber.client}) {
        each->connect({.retry = true}, [](std::error_code, connect_result) {});
    }
    subscriber.client.subscribe(filter, 1, [this](std::error_code error, subscribe_result) { subscribed_ = !error; });
    thread_ = std::thread([this] { loop_.run(); });
}

traffic::~traffic() {
    publishing_ = false;
    const auto open = std::make_shared<int>(2);  // touched on the loop's thread only
    for (station* const each : {&publisher, &subscriber}) {
        each->client.disconnect({.grace = 500ms}, [this, open](std::error_code) {
            if (--*open == 0) loop_.stop();
        });
    }
    thread_.join();
}

config traffic::settings(const char* client_id, std::uint16_t port) const {
    config settings;
    settings.client_id = client_id;
    settings.server = "127.0.0.1";
    settings.port = port;
    settings.response_time = response_time;
    return settings;
}

void traffic::start_publishing() {
    publishing_ = true;
    loop_.post([this] {
        began_ = std::chrono::steady_clock::now();
        publish_what_is_due();
    });
}

void traffic::stop_publishing() { publishing_ = false; }

void traffic::publish_what_is_due() {
    if (!publishing_) return;
    const auto elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_);
    const auto due = static_cast<std::size_t>(elapsed.count()) * messages_per_second / 1000;
    while (published_ < due) publish_one();
    loop_.after(5ms, [this] { publish_what_is_due(); });
}

void traffic::publish_one() {
    // Written down before it can arrive. At this rate the client's limits are far away, so all are accepted.
    const std::size_t number = book_.update([](test::ledger& book) { return book.publish(); });
    publisher.client.publish(topic, std::to_string(number), {.qos = 1},
                             [this, number](std::error_code error, publish_result) {
                                 if (!error) book_.update([number](test::ledger& book) { book.acknowledge(number); });
                             });
    ++published_;
}

test::ledger traffic::book() const {
    return book_.look([](const test::ledger& book) { return book; });
}

std::size_t traffic::delivered() const {
    return book_.look([](const test::ledger& book) { return book.delivered(); });
}

}  // namespace mqtt_as::demo
