// Without netlink (a container that forbids it, a kernel without it) there is no link to be watched, and that is all.
#include "tests/asio/world.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace mqtt_as::front_test {
namespace {

/// For this thread and those that it starts there is no netlink any more. False when the kernel cannot do that.
bool forbid_netlink() {
    std::array<sock_filter, 6> program{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST(link_fallback, without_netlink_the_client_says_so_once_and_works) {
    bool is_supported = true;
    std::thread story([&is_supported] {
        is_supported = forbid_netlink();
        if (!is_supported) return;
        EXPECT_LT(::socket(AF_NETLINK, SOCK_RAW, 0), 0);
        scripted_server server({[](peer& p) { p.accept(); }, good_broker});
        world w;
        std::vector<std::string> lines;
        config c = config_for(server.port());
        c.server = "localhost";  // a name may lead anywhere: the link is asked
        c.dprint = [&lines](std::string_view line) { lines.emplace_back(line); };
        MQTTClient client(w.executor(), c);
        w.run([&]() -> task<> {
            co_await client.connect();
            EXPECT_TRUE(co_await eventually([&] { return client.count().connections == 2; }));
            co_await client.publish("t", "x", {.qos = 1});
            EXPECT_TRUE(client.explain().link_up);
            EXPECT_EQ(client.explain().link, "");
            co_await client.disconnect();
        });
        const auto tells = [](const std::string& line) {
            return line.starts_with("The network link is not watched: ");
        };
        EXPECT_EQ(std::count_if(lines.begin(), lines.end(), tells), 1);
        const auto told = std::find_if(lines.begin(), lines.end(), tells);
        ASSERT_NE(told, lines.end());
        EXPECT_NE(told->find("Address family not supported"), told->npos) << *told;
    });
    story.join();
    if (!is_supported) GTEST_SKIP() << "no seccomp here";
}

}  // namespace
}  // namespace mqtt_as::front_test
