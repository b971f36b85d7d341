// Much at once, slowly, or nobody reads: no harm, no loss, and no outage of our own making.
#include "tests/outages/world.hpp"

#include <stdexcept>

namespace mqtt_as::outages {
namespace {

using std::chrono::steady_clock;

IN_BOTH_VERSIONS(at_once);

// A publisher that waits long enough for its answers on any machine.
config patient(const world& w) {
    config settings = w.settings("publisher");
    settings.response_time = 30s;
    return settings;
}

TEST_P(at_once, three_hundred_publishes_arrive_once_and_in_order) {
    world w(GetParam());
    w.start(patient(w), w.settings("subscriber"));
    w.publish_many(1, 150);
    w.publish_many(2, 150);
    w.expect_all_arrives();
    EXPECT_EQ(w.book(1).duplicates() + w.book(2).duplicates(), 0u);
    EXPECT_EQ(w.publisher->outages(), 0u);
}

TEST_P(at_once, fifteen_hundred_publishes_arrive_once_and_in_order) {
    world w(GetParam());
    w.start(patient(w), w.settings("subscriber"));
    w.publish_many(1, 750);
    w.publish_many(2, 750);
    w.expect_all_arrives(60s);
    EXPECT_EQ(w.book(1).duplicates() + w.book(2).duplicates(), 0u);
    EXPECT_EQ(w.publisher->outages(), 0u);
}

TEST_P(at_once, fifteen_hundred_publishes_through_three_resets_lose_nothing) {
    world w(GetParam());
    w.start();
    w.publish_many(1, 750);
    w.publish_many(2, 750);
    for (std::size_t n = 1; n <= 3; ++n) {
        ASSERT_TRUE(w.publisher->wait_online());
        std::this_thread::sleep_for(20ms);
        w.proxy.reset("publisher");
        ASSERT_TRUE(w.publisher->wait_outage(n, 5s));
    }
    w.expect_all_arrives(60s);
    EXPECT_EQ(w.book(2).duplicates(), 0u);
}

TEST_P(at_once, a_backlog_of_six_hundred_on_both_sides_arrives_in_order) {
    world w(GetParam());
    w.start();
    // First at the publisher, which cannot reach the broker; then at the broker, which cannot reach the subscriber.
    w.proxy.refuse();
    w.proxy.reset();
    w.publish_many(1, 300);
    w.publish_many(2, 300);
    ASSERT_TRUE(w.publisher->wait_outage(1, 5s));
    ASSERT_TRUE(w.subscriber->wait_outage(1, 5s));
    EXPECT_EQ(w.publisher->client.explain().unfinished, 600u);
    w.proxy.set_path("subscriber", {.mute = true});
    w.proxy.accept();
    EXPECT_TRUE(test::eventually(30s, [&] { return w.book(1).acknowledged() + w.book(2).acknowledged() == 600; }));
    EXPECT_EQ(w.book(1).delivered() + w.book(2).delivered(), 0u);
    w.proxy.set_path("subscriber", {});
    w.proxy.heal();
    w.expect_all_arrives();
    EXPECT_EQ(w.book(1).duplicates() + w.book(2).duplicates(), 0u);
}

IN_BOTH_VERSIONS(callback);

TEST_P(callback, that_throws_is_reported_and_harms_nothing) {
    world w(GetParam());
    std::atomic<int> calls = 0;
    std::atomic<int> reports = 0;
    config subscribing = w.settings("subscriber");
    subscribing.subs_cb = [&](const received_message& message) {
        w.deliver(message);
        if (++calls % 3 == 0) throw std::runtime_error("a user's mistake");
    };
    subscribing.on_error = [&](std::exception_ptr, std::string_view) { ++reports; };
    w.start(w.settings("publisher"), subscribing);
    w.publish_many(1, 30);
    w.publish_many(2, 30);
    w.expect_all_arrives();
    EXPECT_EQ(calls, 60);
    EXPECT_EQ(reports, 20);
    EXPECT_EQ(w.subscriber->outages(), 0u);
}

// The callback takes longer than the server may take to answer; that is our own time, not the server's.
TEST_P(callback, slower_than_the_response_time_costs_no_connection) {
    world w(GetParam());
    event_loop own;  // so that only the subscriber is slow
    own.after(60s, [] {});
    std::thread thread;
    {
        config subscribing = w.settings("subscriber");
        subscribing.response_time = 500ms;
        subscribing.ping_interval = 500ms;
        std::atomic<int> calls = 0;
        subscribing.subs_cb = [&](const received_message& message) {
            w.deliver(message);
            if (++calls <= 3) std::this_thread::sleep_for(1500ms);
        };
        peer slow(own, subscribing);
        thread = std::thread([&] { own.run(); });
        w.publisher = w.make_peer(w.settings("publisher"));
        EXPECT_TRUE(slow.connect());
        EXPECT_TRUE(w.publisher->connect());
        EXPECT_EQ(slow.subscribe("t/+", 2), errc::ok);
        w.publish_many(1, 20);
        w.publish_many(2, 20);
        w.expect_all_arrives();
        EXPECT_EQ(slow.outages(), 0u);
        own.stop();
        thread.join();
    }
}

// A hundred megabytes at 200 KB/s with answers due within 10 s would take 500 s. Here all is smaller, in proportion:
// the upload takes ten response times.
TEST(upload, of_ten_response_times_keeps_its_connection) {
    world w(protocol_version::v3_1_1);
    w.start(w.settings("publisher"), w.direct("subscriber"));
    w.proxy.set_path("publisher", {.bytes_per_second = 200'000});
    const moment begin = steady_clock::now();
    w.publish(1, {}, 4'000'000);
    w.publish_many(1, 5);
    w.expect_all_arrives(60s);
    world::note("uploaded", begin, steady_clock::now());
    EXPECT_GE(steady_clock::now() - begin, 15s);
    EXPECT_EQ(w.publisher->outages(), 0u);
    EXPECT_EQ(w.book(1).duplicates(), 0u);
}

// Sixty seconds at the default response time of 10 s; here 12 s at 2 s.
TEST_P(callback, application_that_does_not_read_for_six_response_times_keeps_its_connection) {
    world w(GetParam());
    config subscribing = w.settings("subscriber");
    subscribing.ping_interval = 1s;
    subscribing.queue_len = 5;
    subscribing.limits.inbound_max = 10;
    w.subscriber = w.make_peer(subscribing);
    w.publisher = w.make_peer(w.direct("publisher"));
    ASSERT_TRUE(w.subscriber->connect());
    ASSERT_TRUE(w.publisher->connect());
    ASSERT_EQ(w.subscriber->subscribe("t/+", 2), errc::ok);
    w.publish_many(1, 1000);
    std::this_thread::sleep_for(12s);
    EXPECT_EQ(w.subscriber->outages(), 0u);
    EXPECT_TRUE(w.subscriber->client.isconnected()) << w.subscriber->client.explain().text();
    EXPECT_GE(w.subscriber->client.queue.size(), 5u);

    // Now it reads.
    for (int taken = 0; taken < 1000;) {
        const moment deadline = steady_clock::now() + 10s;
        std::optional<queued_message> next;
        while (!(next = w.subscriber->client.queue.try_receive()) && steady_clock::now() < deadline) {
            std::this_thread::sleep_for(1ms);
        }
        ASSERT_TRUE(next) << "after " << taken;
        EXPECT_EQ(next->text(), std::to_string(taken++) + ' ');
    }
    EXPECT_EQ(w.subscriber->outages(), 0u);
}

}  // namespace
}  // namespace mqtt_as::outages
