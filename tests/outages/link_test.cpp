// The network link goes and comes back: same interface or another, same address or another.
#include "tests/outages/network.hpp"

namespace mqtt_as::outages {
namespace {

using std::chrono::steady_clock;

constexpr milliseconds soon = at_full_speed(300ms);

ON_A_NETWORK(network_link);

TEST_P(network_link, that_loses_its_carrier_for_a_moment_is_back_within_300_ms) {
    network_world w(GetParam());
    w.start_by("10.9.1.2");
    const auto took = w.play({
        .name = "carrier lost",
        .begin = [&] { w.on_broker_side("ip link set wifi-ap down"); },
        .end = [&] { w.on_broker_side("ip link set wifi-ap up"); },
        .lengths = {100ms, 200ms, 300ms, 400ms, 500ms, 600ms, 700ms},
    });
    EXPECT_LE(took.median, soon);
    w.expect_nothing_lost();
}

// While the carrier is away the kernel looks for the broker's hardware address once a second, and goes on at that pace
// when the carrier is back: nobody's packets leave before.
TEST_P(network_link, that_loses_its_carrier_for_long_is_back_when_the_kernel_has_found_the_broker_again) {
    network_world w(GetParam());
    w.start_by("10.9.1.2");
    const auto took = w.play({
        .name = "carrier lost",
        .begin = [&] { w.on_broker_side("ip link set wifi-ap down"); },
        .end = [&] { w.on_broker_side("ip link set wifi-ap up"); },
        .lengths = {1500ms, 3000ms, 4000ms, 6000ms},
    });
    EXPECT_LE(took.longest, 1s + soon);
    w.expect_nothing_lost();
}

TEST_P(network_link, that_is_set_down_is_back_within_300_ms_of_its_return) {
    network_world w(GetParam());
    w.start_by("10.9.1.2");
    const auto took = w.play({
        .name = "interface down",
        .begin = [&] { w.on_client_side("ip link set wifi down"); },
        .end = [&] { w.on_client_side("ip link set wifi up"); },
    });
    EXPECT_LE(took.median, soon);
    w.expect_nothing_lost();
}

TEST_P(network_link, that_returns_with_another_address_is_back_within_300_ms) {
    network_world w(GetParam());
    w.start_by("10.9.1.2");
    int host = 10;
    const auto next_address = [&] { return "10.9.1." + std::to_string(host++) + "/24"; };
    const moment changed = steady_clock::now();
    w.on_client_side("ip addr flush dev wifi; ip addr add " + next_address() + " dev wifi");
    ASSERT_TRUE(w.publisher->wait_outage(1, 5s));
    w.expect_recovery("address changed without an outage: recovered", changed);
    const auto took = w.play({
        .name = "down, then another address",
        .begin = [&] { w.on_client_side("ip link set wifi down; ip addr flush dev wifi"); },
        .end = [&] { w.on_client_side("ip link set wifi up; ip addr add " + next_address() + " dev wifi"); },
    });
    EXPECT_LE(took.median, soon);
    w.expect_nothing_lost();
}

// The kernel would send the second one after a second.
TEST_P(network_link, that_returns_and_swallows_the_first_packet_is_sent_another_one_after_100_ms) {
    network_world w(GetParam());
    w.start_by("10.9.1.2");
    w.on_broker_side("nft 'table inet faults { chain in { type filter hook input priority 0; "
                     "tcp dport 1884 tcp flags & (syn | ack) == syn numgen inc mod 2 == 0 drop; }; }'");
    int host = 10;
    const auto took = w.play({
        .name = "another address, and the first SYN lost",
        .begin = [&] { w.on_client_side("ip link set wifi down; ip addr flush dev wifi"); },
        .end =
            [&] {
                w.on_client_side("ip link set wifi up; ip addr add 10.9.1." + std::to_string(host++) + "/24 dev wifi");
            },
        .lengths = {100ms, 300ms, 600ms, 1000ms, 100ms},
    });
    EXPECT_GE(took.median, 100ms) << "no packet was lost";
    EXPECT_LE(took.median, soon);
    w.expect_nothing_lost();
}

TEST_P(network_link, that_fails_is_replaced_by_another_interface_within_300_ms) {
    network_world w(GetParam());
    w.add_cell();
    w.start_by("10.9.9.9");
    std::vector<milliseconds> all;
    for (int i = 0; i < 5; ++i) {
        const moment broken = steady_clock::now();
        w.on_client_side("ip link set wifi down");
        all.push_back(w.expect_delivery_after(w.book(1).published(), "the other interface took over", broken));
        EXPECT_TRUE(test::eventually(5s, [&] { return w.publisher->client.explain().link == "cell"; }));
        // The better way is back: the connection over the other one is held.
        const std::size_t outages = w.publisher->outages();
        w.on_client_side("ip link set wifi up; ip route add default via 10.9.1.2 dev wifi metric 100");
        EXPECT_TRUE(test::eventually(5s, [&] { return w.publisher->client.explain().link == "wifi"; }));
        w.expect_recovery("the better interface is back", steady_clock::now());
        EXPECT_EQ(w.publisher->outages(), outages);
        // So that the next round begins where this one did.
        w.on_client_side("ip addr del 10.9.2.1/24 dev cell");
        w.expect_recovery("the other interface lost its address", steady_clock::now());
        w.on_client_side("ip addr add 10.9.2.1/24 dev cell; ip route add default via 10.9.2.2 dev cell metric 200");
    }
    std::sort(all.begin(), all.end());
    std::cout << "    other interface: took over after " << all[2].count() << " ms (median)" << std::endl;
    EXPECT_LE(all[2], soon);
    w.expect_nothing_lost();
}

TEST_P(network_link, whose_route_is_lost_is_back_within_300_ms_of_its_return) {
    network_world w(GetParam());
    w.on_client_side("ip route add 10.9.9.9 via 10.9.1.2");
    w.start_by("10.9.9.9");
    const auto took = w.play({
        .name = "route lost",
        .begin = [&] { w.on_client_side("ip route del 10.9.9.9"); },
        .end = [&] { w.on_client_side("ip route add 10.9.9.9 via 10.9.1.2"); },
    });
    EXPECT_LE(took.median, soon);
    w.expect_nothing_lost();
}

TEST_P(network_link, is_told_and_explained) {
    network_world w(GetParam());
    w.start_by("10.9.1.2");
    moment when = steady_clock::now();
    w.on_broker_side("ip link set wifi-ap down");
    ASSERT_TRUE(w.expect_link("down wifi has no carrier", when));
    const explanation lost = w.publisher->client.explain();
    EXPECT_FALSE(lost.link_up);
    EXPECT_NE(lost.text().find("; link down 0 s: wifi has no carrier"), std::string::npos) << lost.text();
    EXPECT_TRUE(w.publisher->client.isconnected()) << "the connection is held";
    when = steady_clock::now();
    w.on_client_side("ip link set wifi down");
    ASSERT_TRUE(test::eventually(5s, [&] { return w.publisher->client.explain().link == "wifi is down"; }));
    w.on_client_side("ip link set wifi up");
    when = steady_clock::now();
    w.on_broker_side("ip link set wifi-ap up");
    ASSERT_TRUE(w.expect_link("up wifi", when));
    EXPECT_TRUE(w.publisher->client.explain().link_up);
    w.expect_recovery("recovered", when);
    w.expect_nothing_lost();
}

TEST_P(network_link, comes_back_before_or_after_a_broker_that_was_down_too) {
    network_world w(GetParam());
    w.start_by("10.9.1.2");
    for (const bool link_first : {true, false}) {
        std::this_thread::sleep_for(300ms);
        w.on_broker_side("ip link set wifi-ap down");
        w.broker.kill();
        std::this_thread::sleep_for(2s);
        if (link_first) w.on_broker_side("ip link set wifi-ap up");
        if (!link_first) w.broker.start();
        std::this_thread::sleep_for(2s);
        const moment healed = steady_clock::now();
        if (link_first) w.broker.start();
        if (!link_first) w.on_broker_side("ip link set wifi-ap up");
        const milliseconds took =
            w.expect_recovery(link_first ? "the broker came last: recovered" : "the link came last: recovered", healed);
        // The client learns of a broker by its next attempt; of a link at once. The subscriber takes up to a step, too.
        EXPECT_LE(took, 2500ms);
    }
    w.expect_nothing_lost();
}

}  // namespace
}  // namespace mqtt_as::outages
