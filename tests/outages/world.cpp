// Clients on an event loop of their own thread; tests wait on theirs.
#include "tests/outages/world.hpp"

#include <algorithm>
#include <future>
#include <iostream>
#include <utility>

namespace mqtt_as::outages {

using std::chrono::duration_cast;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds beat_every = 20ms;
// An event loop that is served later than this was blocked by somebody. Sanitizers on a busy machine are slow.
constexpr milliseconds pause_max = 1s;

std::string topic_of(int qos) { return "t/" + std::to_string(qos); }

}  // namespace

// ---- peer -------------------------------------------------------------------------------------

peer::peer(event_loop& loop, config settings) : client(loop, watching(std::move(settings))) {}

config peer::watching(config settings) {
    settings.wifi_coro = [past_of = history_](bool up) {
        past_of->update([up](history& past) { (up ? past.ups : past.downs).push_back(steady_clock::now()); });
    };
    return settings;
}

bool peer::connect() {
    client.connect({.retry = true}, [](std::error_code, connect_result) {});
    return wait_online();
}

std::error_code peer::subscribe(std::string_view filter, int qos) {
    const auto done = std::make_shared<std::promise<std::error_code>>();
    client.subscribe(filter, qos, [done](std::error_code error, subscribe_result) { done->set_value(error); });
    auto future = done->get_future();
    if (future.wait_for(30s) == std::future_status::ready) return future.get();
    return make_error_code(errc::timed_out);
}

std::error_code peer::disconnect() {
    const auto done = std::make_shared<std::promise<std::error_code>>();
    client.disconnect([done](std::error_code error) { done->set_value(error); });
    auto future = done->get_future();
    if (future.wait_for(10s) == std::future_status::ready) return future.get();
    return make_error_code(errc::timed_out);
}

std::size_t peer::outages() const {
    return history_->look([](const history& past) { return past.downs.size(); });
}

bool peer::wait_online(milliseconds limit) const {
    return history_->wait_for(limit, [](const history& past) { return past.ups.size() > past.downs.size(); });
}

std::optional<moment> peer::wait_outage(std::size_t count, milliseconds limit) const {
    if (!history_->wait_for(limit, [&](const history& past) { return past.downs.size() >= count; }))
        return std::nullopt;
    return history_->look([&](const history& past) { return past.downs[count - 1]; });
}

// ---- world ------------------------------------------------------------------------------------

world::world(protocol_version version, std::string_view broker_settings)
    : broker(broker_settings), version_(version), last_beat_(steady_clock::now()) {
    loop.post([this] { beat(); });
    thread_ = std::thread([this] { loop.run(); });
}

world::~world() {
    traffic_ = false;
    loop.stop();
    thread_.join();
    if (testing::Test::HasFailure()) std::cout << "the broker says:\n" << broker.log();
}

config world::settings(const std::string& client_id) const {
    config settings;
    settings.client_id = client_id;
    settings.server = "127.0.0.1";
    settings.port = proxy.port();
    settings.clean = false;
    // Mosquitto 2.0.11 never saves a session that began with MQTT 5's Clean Start, however long it is to be kept.
    settings.clean_init = version_ == protocol_version::v3_1_1;
    settings.response_time = 2s;
    settings.version = version_;
    return settings;
}

config world::direct(const std::string& client_id) const {
    config settings = this->settings(client_id);
    settings.server.clear();
    settings.port = 0;
    settings.unix_socket = broker.socket().string();
    return settings;
}

std::unique_ptr<peer> world::make_peer(config settings) { return std::make_unique<peer>(loop, std::move(settings)); }

void world::start(config publishing, config subscribing) {
    if (!subscribing.subs_cb) {
        subscribing.subs_cb = [this](const received_message& message) { deliver(message); };
    }
    subscriber = make_peer(std::move(subscribing));
    publisher = std::make_unique<peer>(publishers_loop ? *publishers_loop : loop, std::move(publishing));
    ASSERT_TRUE(subscriber->connect());
    ASSERT_TRUE(publisher->connect());
    ASSERT_EQ(subscriber->subscribe("t/+", 2), errc::ok);
    ASSERT_TRUE(broker.save("t/+"));
}

void world::deliver(const received_message& message) {
    books_[static_cast<std::size_t>(message.topic().back() - '0')].update(
        [&](test::ledger& book) { book.deliver(message.text()); });
}

void world::publish(int qos, publish_options options, std::size_t size) {
    options.qos = static_cast<std::uint8_t>(qos);
    auto& book = books_[options.qos];
    // Numbering and publishing are one step, so that numbers are in the order of publishing.
    book.update([&](test::ledger& pages) {
        const std::size_t number = pages.publish();
        std::string body = std::to_string(number) + ' ';
        if (body.size() < size) body.resize(size, '.');
        publisher->client.publish(
            topic_of(qos), std::move(body), options,
            [this, &book, number](std::error_code error, publish_result result) {
                if (!error) return book.update([number](test::ledger& kept) { kept.acknowledge(number); });
                failures_.update([&](auto& all) { all.push_back({number, error, result.may_have_been_delivered}); });
            });
    });
}

void world::publish_many(int qos, int count) {
    for (int n = 0; n < count; ++n) publish(qos);
}

void world::start_traffic() {
    traffic_ = true;
    loop.post([this] { publish_steadily(); });
}

void world::stop_traffic() { traffic_ = false; }

void world::publish_steadily() {
    if (!traffic_) return;
    publish(1);
    loop.after(10ms, [this] { publish_steadily(); });
}

void world::beat() {
    const moment now = steady_clock::now();
    longest_pause_ = std::max(longest_pause_.load(), duration_cast<milliseconds>(now - last_beat_));
    last_beat_ = now;
    loop.after(beat_every, [this] { beat(); });
}

test::ledger world::book(int qos) const {
    return books_[static_cast<std::size_t>(qos)].look([](const test::ledger& book) { return book; });
}

std::vector<failure> world::failures() const {
    return failures_.look([](const auto& all) { return all; });
}

void world::expect_all_arrives(milliseconds limit) {
    stop_traffic();
    std::this_thread::sleep_for(20ms);  // the traffic's last message
    const moment begin = steady_clock::now();
    for (const int qos : {1, 2}) {
        const auto arrived = [](const test::ledger& b) { return b.lost() == 0 && b.acknowledged() == b.published(); };
        const bool in_time = books_[static_cast<std::size_t>(qos)].wait_for(limit, arrived);
        const test::ledger pages = book(qos);
        EXPECT_TRUE(in_time) << "qos " << qos << ": " << pages.text();
        EXPECT_EQ(pages.out_of_order(), 0u) << "qos " << qos << ": " << pages.text();
        EXPECT_EQ(pages.unknown(), 0u);
        if (pages.published() > 0) std::cout << "    qos " << qos << ": " << pages.text() << '\n';
    }
    EXPECT_TRUE(failures().empty()) << failures().front().error.message();
    EXPECT_LT(longest_pause_.load(), pause_max) << "the application was blocked";
    note("the rest arrived", begin, steady_clock::now());
}

milliseconds world::expect_recovery(std::string_view what, moment when, milliseconds limit) {
    std::optional<moment> next;
    books_[1].wait_for(limit, [&](const test::ledger& book) { return bool(next = book.first_delivery_after(when)); });
    EXPECT_TRUE(next) << what << ": nothing is delivered";
    if (!next) return limit;
    note(what, when, *next);
    return duration_cast<milliseconds>(*next - when);
}

void world::note(std::string_view what, moment since, moment until) {
    std::cout << "    " << what << ": " << duration_cast<milliseconds>(until - since).count() << " ms" << std::endl;
}

}  // namespace mqtt_as::outages
