// A network that loses packets, swallows all of them, or leads elsewhere than before.
#include "tests/outages/network.hpp"

#include <netdb.h>

namespace mqtt_as::outages {
namespace {

using std::chrono::duration_cast;
using std::chrono::steady_clock;

ON_A_NETWORK(network);

TEST_P(network, that_loses_30_percent_of_the_packets_loses_no_message) {
    network_world w(GetParam());
    w.start_by("10.9.1.2");
    const moment began = steady_clock::now();
    w.drop(30);
    std::this_thread::sleep_for(10s);
    world::note("30 % loss for", began, steady_clock::now());
    const moment healed = steady_clock::now();
    w.drop(0);
    w.expect_recovery("recovered", healed);
    std::cout << "    new connections: " << w.publisher->outages() << std::endl;
    w.expect_nothing_lost();
}

TEST_P(network, that_swallows_everything_is_noticed_by_its_silence) {
    network_world w(GetParam());
    w.start_by("10.9.1.2");
    const moment broken = steady_clock::now();
    w.drop(100);
    const auto noticed = w.publisher->wait_outage(1, 10s);
    ASSERT_TRUE(noticed);
    world::note("black hole: detected", broken, *noticed);
    EXPECT_LE(*noticed - broken, 2 * 2s + at_full_speed(1s));  // twice the response time
    const moment healed = steady_clock::now();
    w.drop(0);
    EXPECT_LE(w.expect_recovery("black hole: recovered", healed),
              2s + at_full_speed(1s));  // a stage of connecting, and a step
    w.expect_nothing_lost();
}

TEST_P(network, whose_broker_moves_to_another_address_is_asked_for_it_again) {
    network_world w(GetParam());
    w.set_hosts("10.9.1.2 broker.test\n");
    w.start_by("broker.test");
    const moment moved = steady_clock::now();
    w.on_broker_side("ip addr del 10.9.1.2/24 dev wifi-ap; ip addr add 10.9.1.3/24 dev wifi-ap");
    w.set_hosts("10.9.1.3 broker.test\n");
    const auto noticed = w.publisher->wait_outage(1, 10s);
    ASSERT_TRUE(noticed);
    world::note("broker moved: detected", moved, *noticed);
    w.expect_recovery("broker moved: recovered", *noticed);
    EXPECT_EQ(w.publisher->client.explain().address, "10.9.1.3:1884");
    w.expect_nothing_lost();
}

TEST_P(network, of_IPv6_only_is_as_good) {
    network_world w(GetParam());
    w.on_client_side("ip -4 addr flush dev wifi");
    w.on_broker_side("ip -4 addr flush dev wifi-ap");
    w.set_hosts("fd09:1::2 broker.test\n");
    w.start_by("broker.test");
    EXPECT_EQ(w.publisher->client.explain().address, "[fd09:1::2]:1884");
    // The kernel takes IPv6 addresses away from an interface that is down: each time it is as if with another address.
    const auto took = w.play({
        .name = "IPv6, interface down",
        .begin = [&] { w.on_client_side("ip link set wifi down"); },
        .end = [&] { w.on_client_side("ip link set wifi up; ip addr add fd09:1::1/64 dev wifi nodad"); },
    });
    EXPECT_LE(took.median, at_full_speed(300ms));
    w.expect_nothing_lost();
}

TEST_P(network, whose_broker_has_a_dead_address_first_is_reached_by_the_next_one_after_250_ms) {
    network_world w(GetParam());
    w.set_hosts("10.9.1.77 broker.test\n10.9.1.78 broker.test\n");
    // Whichever of them the system prefers is the dead one.
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    ASSERT_EQ(::getaddrinfo("broker.test", nullptr, &hints, &list), 0);
    char dead[64] = {};
    ::getnameinfo(list->ai_addr, list->ai_addrlen, dead, sizeof dead, nullptr, 0, NI_NUMERICHOST);
    ::freeaddrinfo(list);
    const std::string alive = std::string(dead) == "10.9.1.77" ? "10.9.1.78" : "10.9.1.77";
    w.on_broker_side("ip addr add " + alive + "/24 dev wifi-ap");
    w.publisher = std::make_unique<peer>(w.client_side, w.remote("broker.test"));
    const moment began = steady_clock::now();
    ASSERT_TRUE(w.publisher->connect());
    const auto took = duration_cast<milliseconds>(steady_clock::now() - began);
    std::cout << "    connected by the second address: " << took.count() << " ms" << std::endl;
    EXPECT_EQ(w.publisher->client.explain().address, alive + ":1884");
    EXPECT_GE(took, 250ms) << "the first address was not dead";
    EXPECT_LE(took, 250ms + at_full_speed(500ms));
}

}  // namespace
}  // namespace mqtt_as::outages
