// Many threads, one client, a network that breaks: whatever they do at once, each of their operations ends once.
#include "tests/asio/world.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fault_proxy.hpp"

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <deque>
#include <thread>
#include <vector>

namespace mqtt_as::front_test {
namespace {

TEST(thread, sixteen_do_everything_at_once_through_outages_and_each_operation_ends_once) {
    if (!test::broker_process::is_installed()) GTEST_SKIP() << "no mosquitto here";
    constexpr int threads = 16;
    constexpr int rounds = 200;
    test::broker_process broker;
    test::fault_proxy proxy(broker.socket());
    config c = config_for(proxy.port());
    c.client_id = "crowd";
    c.clean = c.clean_init = false;
    c.queue_len = 50;
    c.on_overflow = overflow_policy::discard_oldest;

    boost::asio::io_context loop;
    auto work = boost::asio::make_work_guard(loop);
    std::vector<std::thread> pool;
    for (int n = 0; n < 4; ++n) pool.emplace_back([&] { loop.run(); });

    std::atomic<int> begun{0}, ended{0}, twice{0};
    std::deque<std::atomic<bool>> over(threads * rounds * 4);
    std::atomic<std::size_t> next{0};
    const auto once = [&] {
        ++begun;
        return [&, mine = &over.at(next++)](std::error_code, const auto&...) {
            twice += mine->exchange(true);
            ++ended;
        };
    };
    {
        MQTTClient client(boost::asio::make_strand(loop), c);
        client.connect(boost::asio::use_future).get();
        std::atomic<bool> goes_on{true};
        std::thread weather([&] {
            for (int n = 0; goes_on; ++n) {
                std::this_thread::sleep_for(20ms);
                n % 2 == 0 ? proxy.reset() : proxy.finish();
            }
        });
        std::vector<std::thread> crowd;
        for (int t = 0; t < threads; ++t) {
            crowd.emplace_back([&, t] {
                const std::string topic = "crowd/" + std::to_string(t % 4);
                for (int n = 0; n < rounds; ++n) {
                    client.publish(topic, std::to_string(n), {.qos = static_cast<std::uint8_t>(n % 3)}, once());
                    if (n % 10 == 0) client.subscribe(topic, n % 3, once());
                    if (n % 10 == 5) client.unsubscribe(topic, once());
                    if (n % 7 == 0) client.broker_up(once());
                    boost::asio::cancellation_signal cancel;
                    std::promise<void> cancelled;
                    client.publish(topic, "cancelled", {.qos = 1},
                                   boost::asio::bind_cancellation_slot(
                                       cancel.slot(), [&](std::error_code, const auto&) { cancelled.set_value(); }));
                    cancel.emit(boost::asio::cancellation_type::terminal);
                    cancelled.get_future().wait();
                    EXPECT_FALSE(client.explain().text().empty());
                    (void)client.queue.try_receive();
                    (void)client.queue.size();
                    (void)client.isconnected();
                    (void)client.count();
                    if (client.up.is_set()) client.up.clear();
                }
            });
        }
        for (auto& each : crowd) each.join();
        goes_on = false;
        weather.join();
        client.disconnect({.grace = 5s}, boost::asio::use_future).get();
        EXPECT_TRUE(test::eventually(30s, [&] { return ended == begun; })) << ended << " of " << begun;
    }
    EXPECT_EQ(ended, begun);
    EXPECT_EQ(twice, 0);
    work.reset();
    for (auto& each : pool) each.join();
}

}  // namespace
}  // namespace mqtt_as::front_test
