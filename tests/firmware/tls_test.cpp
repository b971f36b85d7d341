// A board that secures its connection: the traffic of the outage tests by TLS, straight to Mosquitto.
#include "tests/firmware/world.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>

namespace mqtt_as::firmware {
namespace {

TEST_F(firmware, secured_by_tls_survives_a_killed_broker_and_refuses_a_false_one) {
    if (!std::filesystem::exists(machine::image("mps2_tls_traffic"))) {
        ASSERT_TRUE(test::net_namespace::may_be_skipped())
            << "no image with TLS (./run firmware), and CI=true allows no skipping";
        GTEST_SKIP() << "no image with TLS: ./run firmware builds it, from the source of mbedTLS";
    }
    const test::temp_folder folder;
    test::authority ca(folder.path(), "CA");  // its file's name has no space in it
    const auto own = ca.issue({.common_name = "broker.test", .names = {"broker.test"}});
    // The witness listens without TLS.
    test::broker_process broker("listener 8883 127.0.0.1\n" + secured_by(own));
    const test::witness heard(broker, "from/#", 1);
    const auto begin = [&](machine& m) { return m.prints("begins"); };
    const auto arguments = [&](const std::filesystem::path& trusted, const char* name) {
        return std::vector<std::string>{"id=board", "server=10.0.2.2",        "port=8883",
                                        "debug=1",  "ca=" + trusted.string(), std::string("server_name=") + name};
    };
    {
        machine board(machine::board::mps2, "mps2_tls_traffic", arguments(ca.der(), "broker.test"));
        ASSERT_TRUE(begin(board));
        EXPECT_TRUE(board.prints("acknowledged ", 20));
        EXPECT_TRUE(broker.save("to/board"));
        broker.kill();
        EXPECT_TRUE(board.prints("down"));
        broker.start();
        EXPECT_TRUE(board.prints("acknowledged ", board.lines("acknowledged ").size() + 20));
        test::shell("mosquitto_pub --unix " + broker.socket().string() + " -q 1 -t to/board -m end");
        EXPECT_EQ(board.wait(), 0);
        std::printf("secured by TLS: %s\n", board.lines("figures mps2_traffic ").at(0).c_str());
        for (const std::string& line : board.lines("heap "))
            std::printf("most of lwIP's heap, TLS included: %s\n", line.c_str());
        EXPECT_TRUE(test::eventually(10s, [&] {
            return std::ranges::all_of(board.lines("acknowledged "), [&](const std::string& what) {
                return std::ranges::any_of(heard.lines(),
                                           [&](const std::string& line) { return line.ends_with(what); });
            });
        })) << "an acknowledged message was not heard";
    }
    machine misled(machine::board::mps2, "mps2_tls_traffic", arguments(ca.der(), "another.test"));
    EXPECT_TRUE(misled.prints("Attempt failed: error 43"));  // errc::tls_failed
    EXPECT_TRUE(misled.lines("up").empty());
}

}  // namespace
}  // namespace mqtt_as::firmware
