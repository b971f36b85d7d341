// The last will: published when a client is killed or closed, not when it leaves in good order.
#include "tests/outages/world.hpp"

#include <csignal>
#include <fstream>
#include <iterator>

namespace mqtt_as::outages {
namespace {

using wills = std::vector<std::string>;

class last_will : public both_versions {
protected:
    std::unique_ptr<peer> make_willing_peer() {
        config settings = w.settings("willing");
        settings.will = will_message{.topic = "will", .payload = "gone", .qos = 1};
        return w.make_peer(settings);
    }

    world w{GetParam()};
    test::witness seen{w.broker, "will", 1};
};
INSTANTIATE_TEST_SUITE_P(outages, last_will, testing::Values(protocol_version::v3_1_1, protocol_version::v5), name_of);

TEST_P(last_will, is_published_when_the_process_is_killed) {
    const test::temp_folder folder;
    test::child_process client(
        {WILLING_CLIENT, w.broker.socket().string(), GetParam() == protocol_version::v5 ? "5" : "3"},
        folder.path() / "out");
    const auto is_connected = [&] {
        std::ifstream out(folder.path() / "out");
        return std::string(std::istreambuf_iterator<char>(out), {}) == "connected\n";
    };
    ASSERT_TRUE(test::eventually(10s, is_connected));
    EXPECT_EQ(seen.lines(), wills());
    client.signal(SIGKILL);
    EXPECT_TRUE(test::eventually(10s, [&] { return seen.lines() == wills{"will killed"}; }));
}

TEST_P(last_will, is_published_by_close) {
    const auto client = make_willing_peer();
    ASSERT_TRUE(client->connect());
    client->client.close();
    EXPECT_TRUE(test::eventually(10s, [&] { return seen.lines() == wills{"will gone"}; }));
}

TEST_P(last_will, is_published_when_the_connection_breaks_and_stands_again_after_it) {
    const auto client = make_willing_peer();
    ASSERT_TRUE(client->connect());
    w.proxy.reset("willing");
    EXPECT_TRUE(test::eventually(10s, [&] { return seen.lines() == wills{"will gone"}; }));
    ASSERT_TRUE(client->wait_outage(1, 5s));
    ASSERT_TRUE(client->wait_online());
    w.proxy.reset("willing");
    EXPECT_TRUE(test::eventually(10s, [&] { return seen.lines() == (wills{"will gone", "will gone"}); }));
}

TEST_P(last_will, is_not_published_by_disconnect) {
    const auto client = make_willing_peer();
    ASSERT_TRUE(client->connect());
    EXPECT_EQ(client->disconnect(), errc::ok);
    // Another client's will comes after: had there been ours, it would be seen by then.
    const auto other = w.make_peer([&] {
        config settings = w.direct("other");
        settings.will = will_message{.topic = "will", .payload = "of another", .qos = 1};
        return settings;
    }());
    ASSERT_TRUE(other->connect());
    other->client.close();
    EXPECT_TRUE(test::eventually(10s, [&] { return !seen.lines().empty(); }));
    EXPECT_EQ(seen.lines(), wills{"will of another"});
}

}  // namespace
}  // namespace mqtt_as::outages
