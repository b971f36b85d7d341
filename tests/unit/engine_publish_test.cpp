// Publishing on a good connection: the exact bytes at each qos, what ends it, and what is rejected at once.
#include "tests/unit/engine_fixture.hpp"

namespace engine_tests {
namespace {

class engine_publish : public engine_test {
protected:
    void SetUp() override { w.go_online(); }
};

TEST_P(engine_publish, qos_0_ends_when_the_transport_took_the_last_byte) {
    const int op = w.publish("a/b", "hi", 0);
    // A packet of eight or nine bytes is offered; all but the last one are taken.
    const std::size_t size = w.offer();
    EXPECT_EQ(w.offered(), w.either("30 07 00 03 61 2f 62 68 69", "30 08 00 03 61 2f 62 00 68 69"));
    w.take(size - 1);
    EXPECT_EQ(w.reports(op), 0);
    // The last one ends it: qos 0 has no answer.
    EXPECT_EQ(w.offer(), 1u);
    w.take(1);
    EXPECT_EQ(w.events(), "done #1 ok");
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_publish, qos_1_ends_with_puback) {
    const int op = w.publish("a", "hi", 1);
    EXPECT_EQ(w->look().unfinished, 1u);
    EXPECT_EQ(w->look().payload_bytes, 2u);
    const std::string out = w.sent();
    const std::string id = u16(id_of(out));
    EXPECT_NE(id_of(out), 0u);
    EXPECT_EQ(out, w.either("32 07 00 01 61 " + id + " 68 69", "32 08 00 01 61 " + id + " 00 68 69"));
    EXPECT_EQ(w.reports(op), 0);
    EXPECT_EQ(w->look().in_flight, 1u);
    EXPECT_EQ(w->look().queued, 0u);

    w.feed("40 02 " + id);
    EXPECT_EQ(w.events(), "done #1 ok");
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w->look().in_flight, 0u);
    EXPECT_EQ(w->look().unfinished, 0u);
    EXPECT_EQ(w->look().payload_bytes, 0u);
}

TEST_P(engine_publish, qos_2_goes_through_pubrec_pubrel_and_pubcomp) {
    const int op = w.publish("a", "hi", 2);
    const std::string out = w.sent();
    const std::string id = u16(id_of(out));
    EXPECT_EQ(out, w.either("34 07 00 01 61 " + id + " 68 69", "34 08 00 01 61 " + id + " 00 68 69"));
    w.feed("50 02 " + id);
    EXPECT_EQ(w.sent(), "62 02 " + id);  // [MQTT-3.6.1-1]: flags 2
    EXPECT_EQ(w.reports(op), 0);
    w.feed("70 02 " + id);
    EXPECT_EQ(w.events(), "done #1 ok");
    EXPECT_EQ(w.sent(), "");
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_publish, sets_the_retain_flag_and_sends_an_empty_payload) {
    w.publish({.topic = "a", .payload = {}, .qos = 0, .retain = true});
    EXPECT_EQ(w.sent(), w.either("31 03 00 01 61", "31 04 00 01 61 00"));
    w.publish({.topic = "a", .payload = {}, .qos = 1, .retain = true});
    const std::string out = w.sent();
    EXPECT_EQ(out, w.either("33 05 00 01 61 ", "33 06 00 01 61 ") + u16(id_of(out)) + w.either("", " 00"));
}

TEST_P(engine_publish, sends_any_topic_and_any_payload) {
    // Text that is not ASCII counts in bytes, a byte order mark stays [MQTT-1.5.3-3], a payload may hold anything.
    w.publish("\xC3\xA9", std::string_view("\x00\xFF\xC0", 3), 0);
    EXPECT_EQ(w.sent(), w.either("30 07 00 02 c3 a9 00 ff c0", "30 08 00 02 c3 a9 00 00 ff c0"));
    w.publish("\xEF\xBB\xBFh", "", 0);
    EXPECT_EQ(w.sent(), w.either("30 06 00 04 ef bb bf 68", "30 07 00 04 ef bb bf 68 00"));
}

TEST_P(engine_publish, counts_the_remaining_length_in_the_fewest_bytes) {
    // Around each border of the variable byte integer: topic "a" and its length make three bytes, 5 adds one.
    const std::size_t head = w.is_v5() ? 4 : 3;
    const std::pair<std::size_t, std::string> borders[] = {
        {127, "30 7f"}, {128, "30 80 01"}, {16'383, "30 ff 7f"}, {16'384, "30 80 80 01"}};
    for (const auto& [length, start] : borders) {
        SCOPED_TRACE(length);
        const std::string payload(length - head, 'x');
        const int op = w.publish("a", payload, 0);
        EXPECT_EQ(w.sent(), start + w.either(" 00 01 61 ", " 00 01 61 00 ") + hex(payload));
        EXPECT_EQ(w.report(op), "ok");
    }
}

TEST_P(engine_publish, a_topic_of_65535_bytes_is_the_longest) {
    const std::string topic(65'535, 't');
    EXPECT_GT(w.publish(topic, "x", 0), 0);
    EXPECT_EQ(w.sent(), packet("30", "ff ff " + hex(topic) + w.none() + "78"));
    EXPECT_EQ(w.publish(topic + "t", "x", 0), 0);
    EXPECT_EQ(w.last_error, errc::bad_topic);
}

TEST_P(engine_publish, what_is_wrong_is_rejected_at_once_and_creates_nothing) {
    const std::pair<std::string_view, errc> topics[] = {{"", errc::bad_topic},
                                                        {"a/+", errc::bad_topic},
                                                        {"a/#", errc::bad_topic},
                                                        {std::string_view("a\0b", 3), errc::bad_topic},
                                                        {"\xED\xA0\x80", errc::bad_topic},
                                                        {"\xC3", errc::bad_topic}};
    for (const auto& [topic, error] : topics) {
        SCOPED_TRACE(hex(topic));
        EXPECT_EQ(w.publish(topic, "x", 1), 0);
        EXPECT_EQ(w.last_error, error);
    }
    EXPECT_EQ(w.publish("a", "x", 3), 0);
    EXPECT_EQ(w.last_error, errc::bad_qos);
    EXPECT_EQ(w->look().unfinished, 0u);
    EXPECT_EQ(w.events(), "");
    EXPECT_EQ(w.sent(), "");
}

TEST_P(engine_publish, copies_topic_payload_and_properties) {
    // What the caller gave is gone before the packet is made.
    w.lose();
    {
        std::string topic = "topic";
        std::string payload = "payload";
        EXPECT_GT(w.publish(topic, payload, 1), 0);
        topic.assign("-----");
        payload.assign("-------");
    }
    w.reconnect();
    const std::string out = w.sent();
    EXPECT_NE(out.find(hex(std::string_view("topic"))), std::string::npos) << out;
    EXPECT_NE(out.find(hex(std::string_view("payload"))), std::string::npos) << out;
}

TEST_P(engine_publish, properties_belong_to_version_5) {
    const user_property pair[] = {{"k", "v"}};
    const publish_request request{.topic = "a",
                                  .payload = as_bytes("x"),
                                  .properties = {.message_expiry_interval = 60,
                                                 .content_type = "t",
                                                 .response_topic = "r",
                                                 .correlation_data = "\xFF",
                                                 .payload_is_utf8 = true,
                                                 .user_properties = pair}};
    const int op = w.publish(request);
    if (!w.is_v5()) {
        EXPECT_EQ(op, 0);
        EXPECT_EQ(w.last_error, errc::unsupported_by_version);
        return;
    }
    // 2 + 5 + 4 + 4 + 4 + 7 bytes of properties, each identifier before its value.
    const std::string out = w.sent();
    EXPECT_EQ(out.substr(0, 17), "30 1f 00 01 61 1a") << out;
    for (const auto* part :
         {" 01 01", " 02 00 00 00 3c", " 03 00 01 74", " 08 00 01 72", " 09 00 01 ff", " 26 00 01 6b 00 01 76"}) {
        EXPECT_NE(out.find(part), std::string::npos) << out << " lacks" << part;
    }
    EXPECT_EQ(out.substr(out.size() - 3), " 78");
}

// Version 5 only: a response topic is a topic name [MQTT-3.3.2-13, -14], and strings are UTF-8.
TEST(engine_publish_v5, bad_properties_are_rejected_at_once) {
    world w(version::v5);
    w.go_online();
    EXPECT_EQ(w.publish({.topic = "a", .payload = {}, .properties = {.response_topic = "r/#"}}), 0);
    EXPECT_EQ(w.last_error, errc::bad_properties);
    EXPECT_EQ(w.publish({.topic = "a", .payload = {}, .properties = {.content_type = "\xC3"}}), 0);
    EXPECT_EQ(w.last_error, errc::bad_properties);
    const user_property pair[] = {{std::string_view("\0", 1), "v"}};
    EXPECT_EQ(w.publish({.topic = "a", .payload = {}, .properties = {.user_properties = pair}}), 0);
    EXPECT_EQ(w.last_error, errc::bad_properties);
}

TEST_P(engine_publish, small_packets_share_one_write) {
    // While one write is under way the next batch grows: that is all the batching there is.
    w.publish("a", "1", 0);
    const std::size_t first = w.offer();
    w.publish("a", "2", 0);
    w.publish("a", "3", 0);
    w.take(first);
    EXPECT_EQ(w.events(), "done #1 ok");
    w.offer();
    EXPECT_EQ(w.spans.size(), 1u);
    EXPECT_EQ(w.offered(),
              w.either("30 04 00 01 61 32 30 04 00 01 61 33", "30 05 00 01 61 00 32 30 05 00 01 61 00 33"));
    w.take_all();
    EXPECT_EQ(w.events(), "done #2 ok | done #3 ok");
}

TEST_P(engine_publish, taken_byte_by_byte_the_packets_stay_whole) {
    w.publish("a", "1", 0);
    w.publish("a", "2", 1);
    std::size_t left = w.offer();
    while (left != 0) {
        w.take(1);
        left = w.offer();
    }
    w.offer();
    const auto packets = w.sent_packets();
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[0], w.either("30 04 00 01 61 31", "30 05 00 01 61 00 31"));
    const std::string id = u16(id_of(packets[1]));
    EXPECT_EQ(packets[1], w.either("32 06 00 01 61 " + id + " 32", "32 07 00 01 61 " + id + " 00 32"));
}

MQTT_AS_IN_BOTH_VERSIONS(engine_publish);

}  // namespace
}  // namespace engine_tests
