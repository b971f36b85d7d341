// What rtnetlink tells of the way to a server: each change, once, and only to those whom it concerns.
#include "src/link/rtnetlink_link.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/net_namespace.hpp"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <dirent.h>
#include <gtest/gtest.h>
#include <memory>
#include <sched.h>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_as::detail {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::make_address;
using test::shell;

/// Notes all that it is told.
class listener final : public link_events {
public:
    void on_link(const link_state& s) override {
        told.push_back(s);
        ++count;
    }
    std::vector<link_state> told;
    std::atomic<std::size_t> count = 0;  // for other threads
};

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* const folder = ::opendir("/proc/self/fd");
    while (::readdir(folder) != nullptr) ++count;
    ::closedir(folder);
    return count;
}

/// A machine with one cable, `eth0`, to another one.
class rtnetlink : public testing::Test {
protected:
    void SetUp() override {
        NEEDS_NET_NAMESPACES();
        far_ = std::make_unique<test::net_namespace>();
        near_ = std::make_unique<test::net_namespace>();
        shell("ip link set lo up; ip link add eth0 type veth peer name far netns " + far_->path() +
              "; ip link set eth0 up; ip addr add 10.9.1.1/24 dev eth0; ip addr add fd09:1::1/64 dev eth0 nodad");
        far("ip link set far up");
    }

    void far(const std::string& command) const {
        far_->enter();
        shell(command);
        near_->enter();
    }
    std::unique_ptr<rtnetlink_link> watch() {
        return std::make_unique<rtnetlink_link>(loop.get_executor(), std::weak_ptr<link_events>(heard));
    }
    static link_question about(const std::string& server, const std::string& own = {}) {
        link_question q{.servers = {make_address(server)}, .own = std::nullopt, .number = 1};
        if (!own.empty()) q.own = make_address(own);
        return q;
    }
    /// Runs the loop until something has been told; the last of it. The kernel tells of a lost carrier within a second.
    link_state next() {
        const auto before = heard->told.size();
        for (int i = 0; i < 500 && heard->told.size() == before; ++i) loop.run_for(10ms);
        loop.run_for(30ms);
        EXPECT_GT(heard->told.size(), before) << "nothing was told";
        return heard->told.empty() ? link_state{} : heard->told.back();
    }
    /// Runs the loop until this is told. A change may be told in steps.
    link_state until(bool up, const std::string& text) {
        const auto is_told = [&] {
            loop.run_for(10ms);
            return !heard->told.empty() && heard->told.back().up == up && heard->told.back().text == text;
        };
        EXPECT_TRUE(test::eventually(5s, is_told)) << "told last: " << heard->told.back().text;
        return heard->told.back();
    }
    /// What is told while nothing should be.
    std::size_t told_in_vain() {
        const auto before = heard->told.size();
        loop.run_for(50ms);
        return heard->told.size() - before;
    }

    asio::io_context loop;
    std::shared_ptr<listener> heard = std::make_shared<listener>();

private:
    std::unique_ptr<test::net_namespace> far_, near_;
};

TEST_F(rtnetlink, tells_the_way_and_its_loss_and_its_return) {
    const auto link = watch();
    link->ask(about("10.9.1.2", "10.9.1.1"));
    const link_state s = next();
    EXPECT_TRUE(s.up);
    EXPECT_TRUE(s.keeps_address);
    EXPECT_EQ(s.text, "eth0");
    EXPECT_EQ(s.source, make_address("10.9.1.1"));
    EXPECT_EQ(s.question, 1u);

    far("ip link set far down");
    EXPECT_FALSE(until(false, "eth0 has no carrier").keeps_address);
    far("ip link set far up");
    EXPECT_TRUE(until(true, "eth0").keeps_address);
    shell("ip link set eth0 down");
    EXPECT_FALSE(until(false, "eth0 is down").keeps_address);
    shell("ip link set eth0 up");
    EXPECT_TRUE(until(true, "eth0").keeps_address);
}

TEST_F(rtnetlink, tells_a_lost_route_by_its_server) {
    shell("ip route add 10.9.9.9 via 10.9.1.2");
    const auto link = watch();
    link->ask(about("10.9.9.9"));
    EXPECT_TRUE(next().up);
    shell("ip route del 10.9.9.9");
    until(false, "no route to 10.9.9.9");
    for (const char* kind : {"unreachable", "blackhole", "prohibit"}) {
        shell(std::string("ip route add ") + kind + " 10.9.9.9");
        EXPECT_EQ(told_in_vain(), 0u) << kind;
        shell("ip route del 10.9.9.9");
    }
    shell("ip route add 10.9.9.9 via 10.9.1.2");
    EXPECT_TRUE(next().up);
}

TEST_F(rtnetlink, tells_of_IPv6_once_its_address_may_be_used) {
    const auto link = watch();
    link->ask(about("fd09:1::2", "fd09:1::1"));
    EXPECT_EQ(next().source, make_address("fd09:1::1"));
    shell("ip link set eth0 down");
    until(false, "eth0 is down");
    // The kernel took the address away. The new one may not be used before it is known to be nobody else's.
    shell("ip link set eth0 up; ip addr add fd09:1::7/64 dev eth0");
    const link_state s = until(true, "eth0");
    EXPECT_FALSE(s.keeps_address);
    EXPECT_EQ(s.source, make_address("fd09:1::7"));
}

TEST_F(rtnetlink, tells_another_way_and_the_loss_of_the_own_address) {
    const auto link = watch();
    link->ask(about("10.9.1.2", "10.9.1.1"));
    const link_state first = next();
    shell("ip addr add 10.9.1.9/24 dev eth0");
    EXPECT_EQ(told_in_vain(), 0u) << "a second address changes nothing";
    shell("ip addr del 10.9.1.1/24 dev eth0; ip addr replace 10.9.1.9/24 dev eth0");
    const link_state second = next();
    EXPECT_TRUE(second.up);
    EXPECT_FALSE(second.keeps_address);
    EXPECT_TRUE(second.is_another_way_than(first));
    // Asked anew, it is not another way but the first one that is known.
    link_question q = about("10.9.1.2", "10.9.1.9");
    q.number = 2;
    link->ask(q);
    const link_state third = next();
    EXPECT_TRUE(third.keeps_address);
    EXPECT_FALSE(third.is_another_way_than(second));
}

TEST_F(rtnetlink, of_a_server_not_known_yet_asks_for_any_address) {
    const auto link = watch();
    link->ask({.servers = {}, .own = std::nullopt, .number = 1});
    EXPECT_TRUE(next().up);
    shell("ip link set eth0 down");
    until(false, "no interface is up and has an address");
    shell("ip link set eth0 up");
    until(true, "");
}

TEST_F(rtnetlink, takes_any_of_several_servers) {
    const auto link = watch();
    link->ask({.servers = {make_address("192.0.2.1"), make_address("10.9.1.2")}, .own = std::nullopt, .number = 1});
    EXPECT_EQ(next().text, "eth0");
}

TEST_F(rtnetlink, a_machine_that_has_slept_is_another_way) {
    const auto link = watch();
    link->ask(about("10.9.1.2", "10.9.1.1"));
    const link_state before = next();
    const auto monitor = rtnetlink_monitor::of(loop.get_executor());
    // The wall clock was set, as by NTP: nothing.
    monitor->on_clock_set(time_asleep());
    EXPECT_EQ(told_in_vain(), 0u);
    monitor->on_clock_set(time_asleep() + 8h);
    const link_state after = next();
    EXPECT_TRUE(after.up);
    EXPECT_TRUE(after.is_another_way_than(before));
}

TEST_F(rtnetlink, a_thousand_clients_share_the_sockets_of_one) {
    std::vector<std::unique_ptr<rtnetlink_link>> links;
    links.push_back(watch());
    const std::size_t with_one = open_descriptors();
    while (links.size() < 1'000) links.push_back(watch());
    EXPECT_EQ(open_descriptors(), with_one);
    for (const auto& link : links) link->ask(about("10.9.1.2"));
    next();
    EXPECT_EQ(heard->told.size(), 1'000u);
    shell("ip addr add 10.9.1.9/24 dev eth0; ip route add 10.9.1.2 dev eth0 src 10.9.1.9");
    next();
    EXPECT_EQ(heard->told.size(), 2'000u);
}

TEST_F(rtnetlink, keeps_no_event_loop_from_ending_when_nobody_watches) {
    const std::size_t before = open_descriptors();
    auto link = watch();
    link->ask(about("10.9.1.2"));
    next();
    link.reset();
    loop.restart();
    const auto began = std::chrono::steady_clock::now();
    loop.run_for(10s);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    EXPECT_LE(open_descriptors(), before + 3) << "what the event loop itself has opened meanwhile";
    // And it can be watched again.
    loop.restart();
    link = watch();
    link->ask(about("10.9.1.2"));
    EXPECT_TRUE(next().up);
}

TEST_F(rtnetlink, outlives_its_event_loop) {
    auto other = std::make_unique<asio::io_context>();
    const auto link = std::make_unique<rtnetlink_link>(other->get_executor(), std::weak_ptr<link_events>(heard));
    link->ask(about("10.9.1.2"));
    other->run_for(1ms);
    other.reset();
    link->ask(about("10.9.1.3"));
    EXPECT_TRUE(heard->told.empty());
}

TEST_F(rtnetlink, tells_each_on_its_own_executor_while_others_come_and_go) {
    asio::thread_pool pool(4);
    const auto staying = std::make_shared<listener>();
    {
        rtnetlink_link stays(asio::make_strand(pool), std::weak_ptr<link_events>(staying));
        stays.ask(about("10.9.1.2"));
        const auto told = [&](std::size_t count) {
            return test::eventually(5s, [&] {
                rtnetlink_link goes(asio::make_strand(pool), std::weak_ptr<link_events>(heard));
                goes.ask(about("10.9.1.3"));
                return staying->count >= count;
            });
        };
        EXPECT_TRUE(told(1));
        shell("ip link set eth0 down");
        EXPECT_TRUE(told(2));
    }
    pool.join();
}

}  // namespace
}  // namespace mqtt_as::detail
