// Namespaces, cables and packet filters, made by the programs that an administrator would use.
#include "tests/outages/network.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <sched.h>
#include <sys/mount.h>
#include <system_error>

namespace mqtt_as::outages {

namespace {

using std::chrono::steady_clock;

void check(int result, const char* what) {
    if (result != 0) throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

// ---- network ----------------------------------------------------------------------------------

network::network() {
    test::shell("ip link set lo up; ip addr add 10.9.9.9/32 dev lo");
    on_client_side("ip link set lo up");
    make_cable("wifi", "wifi-ap");
    test::shell("ip addr add 10.9.1.2/24 dev wifi-ap; ip addr add fd09:1::2/64 dev wifi-ap nodad");
    on_client_side("ip addr add 10.9.1.1/24 dev wifi; ip addr add fd09:1::1/64 dev wifi nodad");
    // A private /etc/hosts.
    check(::unshare(CLONE_NEWNS), "unshare");
    check(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount");
    set_hosts("127.0.0.1 localhost\n");
    check(::mount((folder_.path() / "hosts").c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr), "mount");
    thread_ = std::thread([this] {
        client_.enter();
        const auto work = boost::asio::make_work_guard(client_side.context());  // also before the first client comes
        client_side.run();
    });
}

network::~network() {
    stop();
    ::umount2("/etc/hosts", MNT_DETACH);
}

void network::stop() {
    client_side.stop();
    if (thread_.joinable()) thread_.join();
}

void network::make_cable(const std::string& near, const std::string& far) const {
    test::shell("ip link add " + far + " type veth peer name " + near + " netns " + client_.path() + "; ip link set " +
                far + " up");
    on_client_side("ip link set " + near + " up");
}

void network::add_cell() const {
    make_cable("cell", "cell-bs");
    test::shell("ip addr add 10.9.2.2/24 dev cell-bs");
    on_client_side(
        "ip addr add 10.9.2.1/24 dev cell;"
        "ip route add default via 10.9.1.2 dev wifi metric 100; ip route add default via 10.9.2.2 dev cell metric 200");
}

void network::on_client_side(const std::string& command) const {
    client_.enter();
    try {
        test::shell(command);
    } catch (...) {
        broker_.enter();
        throw;
    }
    broker_.enter();
}

std::unique_ptr<test::child_process> network::start_on_client_side(const std::vector<std::string>& argv,
                                                                   const std::filesystem::path& output) const {
    client_.enter();
    auto started = std::make_unique<test::child_process>(argv, output);
    broker_.enter();
    return started;
}

void network::drop(unsigned percent) const {
    if (percent == 0) return test::shell("nft delete table inet faults");
    const std::string rule = percent == 100 ? "drop" : "numgen random mod 100 < " + std::to_string(percent) + " drop";
    test::shell("nft -f - <<END\n"
                "table inet faults {\n"
                "  chain in { type filter hook input priority 0; iifname != lo " +
                rule +
                "; }\n"
                "  chain out { type filter hook output priority 0; oifname != lo " +
                rule +
                "; }\n"
                "}\n"
                "END");
}

void network::set_hosts(const std::string& lines) const {
    std::ofstream(folder_.path() / "hosts") << lines;  // in place: the mount is of this very file
}

// ---- world ------------------------------------------------------------------------------------

config network_world::remote(const std::string& server) const {
    config c = settings("publisher");
    c.server = server;
    c.port = 1884;
    c.on_link = [this](bool up, std::string_view what) {
        link_.update([&](std::string& last) { last = (up ? "up " : "down ") + std::string(what); });
    };
    return c;
}

void network_world::start_by(config publishing) {
    start(std::move(publishing), direct("subscriber"));
    start_traffic();
    expect_recovery("first message", steady_clock::now());
}

std::string network_world::link() const {
    return link_.look([](const std::string& last) { return last; });
}

bool network_world::expect_link(const std::string& what, moment since) const {
    const bool told = link_.wait_for(5s, [&](const std::string& last) { return last == what; });
    EXPECT_TRUE(told) << "told last: " << link() << "; expected: " << what;
    note("told: " + what, since, steady_clock::now());
    return told;
}

milliseconds network_world::expect_delivery_after(std::size_t before, const std::string& what, moment since) const {
    const auto caught_up = [&] { return book(1).delivered() > before; };
    EXPECT_TRUE(test::eventually(10s, caught_up)) << what << ": nothing new is delivered";
    const moment now = steady_clock::now();
    note(what, since, now);
    return std::chrono::duration_cast<milliseconds>(now - since);
}

network_world::recoveries network_world::play(const outage& o) {
    std::vector<milliseconds> all;
    for (const milliseconds length : o.lengths) {
        std::this_thread::sleep_for(300ms);
        const moment begin = steady_clock::now();
        o.begin();
        std::this_thread::sleep_until(begin + length);
        const std::size_t before = book(1).published();
        const moment end = steady_clock::now();
        o.end();
        all.push_back(
            expect_delivery_after(before, o.name + " for " + std::to_string(length.count()) + " ms: recovered", end));
    }
    std::sort(all.begin(), all.end());
    const recoveries result{all[all.size() / 2], all.back()};
    std::cout << "    " << o.name << ": recovered after " << result.median.count() << " ms (median), "
              << result.longest.count() << " ms (longest); " << publisher->outages() << " new connections" << std::endl;
    return result;
}

void network_world::expect_nothing_lost() {
    expect_all_arrives();
    EXPECT_EQ(book(1).lost(), 0u);
}

void on_a_network::SetUp() { NEEDS_NET_NAMESPACES(); }

}  // namespace mqtt_as::outages
