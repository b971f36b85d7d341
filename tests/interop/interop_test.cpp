// What works with one broker works with all: the same promises against each of those that nobody here wrote, and with
// clients that nobody here wrote at the other end.
//
// The tests of a broker share it: what they leave behind (retained messages, sessions) has names of its own.
#include "tests/interop/foreign_broker.hpp"
#include "tests/interop/station.hpp"
#include "tests/support/net_namespace.hpp"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>

namespace mqtt_as::interop {

namespace {

using namespace std::chrono_literals;
using words = std::vector<std::string>;

struct setting {
    std::string broker;
    protocol_version version;
};

std::string name_of(const testing::TestParamInfo<setting>& info) {
    return info.param.broker + (info.param.version == protocol_version::v5 ? "_v5" : "_v3_1_1");
}

bool may_skip() { return test::net_namespace::may_be_skipped(); }

std::string numbered(const std::string& text, int n) { return text + "/" + std::to_string(n); }

// A client of somebody else: what comes on there/X goes back on back/X.
class echo {
public:
    explicit echo(const words& argv) : process_(std::in_place, argv, folder_.path() / "output") {}
    bool is_ready() const {
        return test::eventually(60s, [this] { return output().find("ready") != std::string::npos; });
    }
    std::string output() const {
        std::ifstream in(folder_.path() / "output");
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void kill() { process_.reset(); }

private:
    test::temp_folder folder_;
    std::optional<test::child_process> process_;
};

// In a network namespace of this process: ports that brokers insist on are free in there.
class interop : public testing::TestWithParam<setting> {
public:
    static void TearDownTestSuite() {
        broker_.reset();
        running_.clear();
    }

protected:
    void SetUp() override {
        NEEDS_NET_NAMESPACES();
        if (!namespace_) {
            namespace_ = std::make_unique<test::net_namespace>();
            test::shell("ip link set lo up");
        }
        if (running_ == GetParam().broker) return;
        broker_.reset();
        running_ = GetParam().broker;
        broker_ = foreign_broker::make(running_);
        if (const std::string why = broker_->why_not(); !why.empty()) {
            running_.clear();
            ASSERT_TRUE(may_skip()) << why << ", and CI=true allows no skipping";
            GTEST_SKIP() << why;
        }
        broker_->start();
    }
    void TearDown() override {
        if (HasFailure() && broker_) std::cout << "the broker says:\n" << broker_->log() << '\n';
    }

    bool is_five() const { return GetParam().version == protocol_version::v5; }
    int qos_max() const { return broker_->qos_max(); }

    config settings(const std::string& client_id) const {
        config c;
        c.client_id = client_id + (is_five() ? "-5" : "-3");
        c.server = "127.0.0.1";
        c.version = GetParam().version;
        c.response_time = 10s;
        if (const words who = broker_->credentials(); !who.empty()) {
            c.user = who[0];
            c.password = who[1];
        }
        return c;
    }
    config kept(const std::string& client_id) const {
        config c = settings(client_id);
        c.clean = c.clean_init = false;
        return c;
    }

    void converse_with(echo& other, const std::string& its_last_words) {
        ASSERT_TRUE(other.is_ready()) << other.output();
        config mortal = settings("mortal");
        mortal.will = {"there/farewell", "of ours", false, 1};
        station us(settings("us"));
        station vanishing(mortal);
        ASSERT_TRUE(us.connect());
        ASSERT_TRUE(vanishing.connect());
        ASSERT_EQ(us.subscribe("back/#", qos_max()), qos_max());

        std::vector<heard> wanted;
        const auto say = [&](const std::string& topic, const std::string& text, int qos) {
            EXPECT_FALSE(us.publish("there/" + topic, text, qos));
            wanted.push_back({"back/" + topic, text, qos});
            EXPECT_TRUE(us.wait_received(wanted.size())) << other.output();
        };
        for (int qos = 0; qos <= qos_max(); ++qos) say(numbered("qos", qos), "hello", qos);
        say("Füße/温度", "Grüße 🌡", 1);
        say("empty", "", 0);
        say("large", std::string(300'000, 'x'), qos_max());
        vanishing.vanish();
        wanted.push_back({"back/farewell", "of ours", 1});
        EXPECT_TRUE(us.wait_received(wanted.size())) << other.output();
        other.kill();
        wanted.push_back({"back/will", its_last_words, 1});
        EXPECT_TRUE(us.wait_received(wanted.size()));
        EXPECT_EQ(us.received(), wanted);
    }
    words arguments() const {
        words all{is_five() ? "5" : "311", std::to_string(qos_max())};
        for (const std::string& each : broker_->credentials()) all.push_back(each);
        return all;
    }

    static std::unique_ptr<test::net_namespace> namespace_;
    static std::unique_ptr<foreign_broker> broker_;
    static std::string running_;
};

std::unique_ptr<test::net_namespace> interop::namespace_;
std::unique_ptr<foreign_broker> interop::broker_;
std::string interop::running_;

INSTANTIATE_TEST_SUITE_P(
    with, interop,
    testing::Values(setting{"mosquitto", protocol_version::v3_1_1}, setting{"mosquitto", protocol_version::v5},
                    setting{"ejabberd", protocol_version::v3_1_1}, setting{"ejabberd", protocol_version::v5},
                    setting{"rabbitmq", protocol_version::v3_1_1}, setting{"aedes", protocol_version::v3_1_1}),
    name_of);

TEST_P(interop, delivers_at_every_qos) {
    station receiver(settings("receiver"));
    station sender(settings("sender"));
    ASSERT_TRUE(receiver.connect());
    ASSERT_TRUE(sender.connect());
    std::vector<heard> wanted;
    for (int granted = 0; granted <= qos_max(); ++granted) {
        const std::string topic = numbered("every", granted);
        ASSERT_EQ(receiver.subscribe(topic + "/+", granted), granted);
        for (int qos = 0; qos <= qos_max(); ++qos) {
            EXPECT_FALSE(sender.publish(numbered(topic, qos), "hello", qos));
            wanted.push_back({numbered(topic, qos), "hello", broker_->delivered_qos(qos, granted)});
            EXPECT_TRUE(receiver.wait_received(wanted.size()));
        }
    }
    EXPECT_EQ(receiver.received(), wanted);
}

TEST_P(interop, carries_any_topic_and_any_bytes) {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
    const std::vector<heard> wanted{
        {"any/Füße/温度/🌡", bytes, 1},
        {"any//empty level/", "", 1},  // RabbitMQ and others may drop an empty payload only when it is retained
        {"any/large", std::string(1'000'000, 'x'), 1},
    };
    station receiver(settings("receiver"));
    station sender(settings("sender"));
    ASSERT_TRUE(receiver.connect());
    ASSERT_TRUE(sender.connect());
    ASSERT_EQ(receiver.subscribe("any/#", 1), 1);
    for (const heard& each : wanted) EXPECT_FALSE(sender.publish(each.topic, each.text, each.qos));
    EXPECT_TRUE(receiver.wait_received(wanted.size()));
    EXPECT_EQ(receiver.received(), wanted);
}

TEST_P(interop, keeps_a_retained_message_and_lets_go_of_it) {
    const std::string topic = is_five() ? "retained/5" : "retained/3";
    station sender(settings("sender"));
    ASSERT_TRUE(sender.connect());
    ASSERT_FALSE(sender.publish(topic, "kept", 1, true));
    {
        station receiver(settings("receiver"));
        ASSERT_TRUE(receiver.connect());
        ASSERT_GE(receiver.subscribe(topic, 1), 0);
        EXPECT_TRUE(receiver.wait_received(1));
        EXPECT_EQ(receiver.received(), (std::vector<heard>{{topic, "kept", 1, true}}));
    }
    ASSERT_FALSE(sender.publish(topic, "", 1, true));
    station late(settings("late"));
    ASSERT_TRUE(late.connect());
    ASSERT_GE(late.subscribe(topic, 1), 0);
    ASSERT_FALSE(sender.publish(topic, "the first to come", 1));
    EXPECT_TRUE(late.wait_received(1));
    EXPECT_EQ(late.received(), (std::vector<heard>{{topic, "the first to come", 1}}));
}

TEST_P(interop, publishes_the_will_of_one_that_vanished_and_not_of_one_that_left) {
    station watcher(settings("watcher"));
    ASSERT_TRUE(watcher.connect());
    ASSERT_EQ(watcher.subscribe("will/#", 1), 1);
    config mortal = settings("mortal");
    mortal.will = {"will/left", "gone", false, 1};
    station leaving(mortal);
    ASSERT_TRUE(leaving.connect());
    EXPECT_FALSE(leaving.disconnect());
    mortal.will = {"will/vanished", "gone", false, 1};
    station vanishing(mortal);
    ASSERT_TRUE(vanishing.connect());
    vanishing.vanish();
    EXPECT_TRUE(watcher.wait_received(1));
    EXPECT_EQ(watcher.received(), (std::vector<heard>{{"will/vanished", "gone", 1}}));
}

TEST_P(interop, delivers_what_came_while_the_client_was_away) {
    station sender(settings("sender"));
    ASSERT_TRUE(sender.connect());
    {
        station first(kept("away"));
        ASSERT_TRUE(first.connect());
        ASSERT_EQ(first.subscribe("away/#", qos_max()), qos_max());
        ASSERT_FALSE(first.disconnect());
    }
    std::vector<heard> wanted;
    for (int n = 0; n < 20; ++n) {
        const int qos = 1 + n % qos_max();
        wanted.push_back({numbered("away", n), "while you were away", qos});
        ASSERT_FALSE(sender.publish(wanted.back().topic, wanted.back().text, qos));
    }
    station second(kept("away"));
    EXPECT_EQ(second.connect(), true) << "the session is not there";
    EXPECT_TRUE(second.wait_received(wanted.size()));
    const auto received = second.received();
    EXPECT_TRUE(std::is_permutation(received.begin(), received.end(), wanted.begin(), wanted.end()))
        << testing::PrintToString(received);
    EXPECT_FALSE(second.disconnect());
}

TEST_P(interop, loses_nothing_that_a_killed_broker_says_it_kept) {
    {
        station absent(kept("kept"));
        ASSERT_TRUE(absent.connect());
        ASSERT_EQ(absent.subscribe("kept/#", 1), 1);
        ASSERT_FALSE(absent.disconnect());
    }
    // One that talks to itself: what it accepted while the broker was down comes back whatever the broker has kept, for
    // subscriptions are renewed before anything is published.
    station self(kept("self"));
    ASSERT_TRUE(self.connect());
    ASSERT_EQ(self.subscribe("self/#", qos_max()), qos_max());
    std::set<std::string> accepted;
    for (int n = 0; n <= 20; ++n) {
        accepted.insert(numbered("kept", n));
        ASSERT_FALSE(self.publish(numbered("kept", n), "x", 1));
    }
    broker_->save();

    broker_->kill();
    EXPECT_TRUE(self.wait_online(false));
    std::multiset<std::string> waiting;
    for (int n = 0; n < 50; ++n) {
        waiting.insert(numbered("self", n));
        self.publish_later(numbered("self", n), "x", 1 + n % qos_max());
    }
    broker_->start();
    EXPECT_TRUE(self.wait_online(true));
    EXPECT_TRUE(self.wait_acknowledged(waiting.size()));
    EXPECT_TRUE(self.wait_received(waiting.size()));
    std::multiset<std::string> back;
    for (const heard& each : self.received()) back.insert(each.topic);
    EXPECT_EQ(back, waiting);

    station present(kept("kept"));
    const auto is_kept = present.connect();
    ASSERT_TRUE(is_kept);
    RecordProperty("session_survives_a_kill", *is_kept ? "yes" : "no");
    if (*is_kept) {
        EXPECT_TRUE(present.wait_received(accepted.size()));
        std::set<std::string> delivered;
        for (const heard& each : present.received()) delivered.insert(each.topic);
        EXPECT_EQ(delivered, accepted);
    }
    EXPECT_FALSE(present.disconnect());
    EXPECT_FALSE(self.disconnect());
}

// ---- the other end --------------------------------------------------------------------------------------------

// Debian's Python, which has Debian's Paho.
constexpr auto python = "/usr/bin/python3";

std::string why_no_paho() {
    const test::temp_folder folder;
    test::child_process asked({python, "-c", "import paho.mqtt.client"}, folder.path() / "output");
    return asked.wait() == 0 ? "" : "Paho is not installed (Debian: python3-paho-mqtt)";
}

TEST_P(interop, talks_to_paho) {
    if (const std::string why = why_no_paho(); !why.empty()) {
        ASSERT_TRUE(may_skip()) << why << ", and CI=true allows no skipping";
        GTEST_SKIP() << why;
    }
    words argv{python, MQTT_AS_INTEROP_FOLDER "/echo_paho.py"};
    for (const std::string& each : arguments()) argv.push_back(each);
    echo paho(argv);
    converse_with(paho, "paho is gone");
}

TEST_P(interop, talks_to_mqtt_js) {
    if (const std::string why = why_no_node_package("mqtt"); !why.empty()) {
        ASSERT_TRUE(may_skip()) << why << ", and CI=true allows no skipping";
        GTEST_SKIP() << why;
    }
    echo mqttjs(node("echo_mqttjs.js", arguments()));
    converse_with(mqttjs, "mqttjs is gone");
}

}  // namespace
}  // namespace mqtt_as::interop
