// Publishes are cancelled at any moment, in a network that fails all the time: what is reported is what happened.
#include "mqtt_as/asio/async.hpp"
#include "tests/outages/world.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <random>

namespace mqtt_as::outages {
namespace {

// What one publish was reported as, and how often.
struct report {
    int reports = 0;
    bool acknowledged = false;
    bool may_have_been_delivered = false;
};

struct cancelled_publishes {
    test::watched<std::vector<report>> reports;
    test::watched<std::vector<int>> deliveries;
    std::vector<std::unique_ptr<boost::asio::cancellation_signal>> signals;

    void finish(std::size_t number, bool ok, bool may_have_been_delivered) {
        reports.update([&](auto& all) { all[number] = {all[number].reports + 1, ok, may_have_been_delivered}; });
    }
};

IN_BOTH_VERSIONS(cancelling);

TEST_P(cancelling, at_any_moment_tells_the_truth) {
    constexpr std::size_t count = 600;
    cancelled_publishes all;
    all.reports.update([](auto& r) { r.resize(count); });
    all.deliveries.update([](auto& d) { d.resize(count); });
    world w(GetParam());
    config subscribing = w.direct("subscriber");
    subscribing.subs_cb = [&](std::string_view, std::string_view text, bool) {
        all.deliveries.update([&](auto& d) { ++d.at(std::stoul(std::string(text))); });
    };
    w.start(w.settings("publisher"), subscribing);

    // Every message is published at a moment of its own and cancelled a little later, some by a deadline, some by a
    // signal; the connection is reset, the broker is unreachable, the path is slow.
    std::mt19937 chance(7);
    const auto some = [&](int least, int most) {
        return milliseconds(least + static_cast<int>(chance() % static_cast<unsigned>(most - least)));
    };
    w.proxy.set_path("publisher", {.delay = 5ms});
    MQTTClient& client = w.publisher->client;
    for (std::size_t n = 0; n < count; ++n) {
        auto* const signal = all.signals.emplace_back(std::make_unique<boost::asio::cancellation_signal>()).get();
        const auto qos = static_cast<std::uint8_t>(1 + n % 2);
        const milliseconds publish_at = some(0, 4000);
        const milliseconds wait = some(1, 60);
        const bool by_deadline = n % 3 == 0;
        w.loop.after(publish_at, [&, n, qos, wait, signal, by_deadline] {
            const publish_options options{.qos = qos, .timeout = by_deadline ? wait : 0ms};
            client.publish("t/" + std::to_string(qos), std::to_string(n), options,
                           boost::asio::bind_cancellation_slot(
                               signal->slot(), [&all, n](std::error_code error, publish_result result) {
                                   all.finish(n, !error, result.may_have_been_delivered);
                               }));
        });
        if (by_deadline) continue;
        const auto type = n % 3 == 1 ? boost::asio::cancellation_type::total : boost::asio::cancellation_type::terminal;
        w.loop.after(publish_at + wait, [signal, type] { signal->emit(type); });
    }
    for (int n = 0; n < 4; ++n) {
        std::this_thread::sleep_for(600ms);
        if (n % 2 == 0) w.proxy.refuse();
        w.proxy.reset("publisher");
        std::this_thread::sleep_for(300ms);
        if (n % 2 == 0) w.proxy.accept();
    }

    const auto all_reported = [](const std::vector<report>& reports) {
        return std::all_of(reports.begin(), reports.end(), [](const report& each) { return each.reports >= 1; });
    };
    EXPECT_TRUE(all.reports.wait_for(20s, all_reported));
    EXPECT_TRUE(w.publisher->wait_online());
    EXPECT_TRUE(test::eventually(10s, [&] { return client.explain().unfinished == 0; }));  // the abandoned ones, too
    EXPECT_TRUE(all.deliveries.wait_for(10s, [&](const std::vector<int>& deliveries) {
        return all.reports.look([&](const auto& reports) {
            for (std::size_t n = 0; n < count; ++n) {
                if (reports[n].acknowledged && deliveries[n] == 0) return false;
            }
            return true;
        });
    })) << "an acknowledged message was not delivered";

    const auto reports = all.reports.look([](const auto& r) { return r; });
    const auto deliveries = all.deliveries.look([](const auto& d) { return d; });
    std::size_t acknowledged = 0;
    std::size_t removed = 0;
    for (std::size_t n = 0; n < count; ++n) {
        EXPECT_EQ(reports[n].reports, 1) << n;
        acknowledged += reports[n].acknowledged;
        if (!reports[n].acknowledged && !reports[n].may_have_been_delivered) {
            ++removed;
            EXPECT_EQ(deliveries[n], 0) << n << " was reported as never sent";
        }
        if (n % 2 == 1) {
            EXPECT_LE(deliveries[n], 1) << n << " is of qos 2";
        }
    }
    std::cout << "    " << acknowledged << " acknowledged, " << removed << " never sent, "
              << count - acknowledged - removed << " abandoned\n";
    EXPECT_GT(acknowledged, 0u);
    EXPECT_GT(removed, 0u);
    EXPECT_LT(acknowledged + removed, count);
    w.loop.stop();  // before the signals go
}

}  // namespace
}  // namespace mqtt_as::outages
