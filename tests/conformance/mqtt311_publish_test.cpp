// MQTT 3.1.1, sections 3.3 to 3.7 and 4.1 to 4.6: PUBLISH, its acknowledgements, and delivery.
#include "tests/conformance/both.hpp"

namespace engine_tests {
namespace {

TEST_F(mqtt_3_1_1, MQTT_3_3_1_1) { sets_dup_on_a_resend(); }
TEST_F(mqtt_3_1_1, MQTT_3_3_1_2) { sets_no_dup_at_qos_0(); }
TEST_F(mqtt_3_1_1, MQTT_3_3_1_3) {
    w.go_online();
    delivers(incoming("3a", "00 01"), "message t 'x' qos 1 dup");
    w.forget_sent();
    w.publish("t", "x", 1);  // handed on
    const std::string out = w.sent();
    holds(out == incoming("32", u16(id_of(out))), "DUP is our own");
}
TEST_F(mqtt_3_1_1, MQTT_3_3_1_4) {
    w.go_online();
    refuses(errc::bad_qos, publish_request{.topic = "t", .qos = 3});
    closes_at({incoming("36", "00 01"), incoming("3e", "00 01")}, "");
}
TEST_F(mqtt_3_1_1, MQTT_3_3_2_1) { reads_the_topic_first(); }
TEST_F(mqtt_3_1_1, MQTT_3_3_2_2) { takes_no_wildcard_in_a_topic(); }
TEST_F(mqtt_3_1_1, MQTT_3_3_4_1) { answers_by_qos(); }

TEST_F(mqtt_3_1_1, MQTT_3_6_1_1) {
    w.go_online();
    const std::string id = publish(2);
    w.feed("50 02 " + id);
    sends("62 02 " + id);
    closes_at({"60 02 00 01", "61 02 00 01"}, "");
}

TEST_F(mqtt_3_1_1, MQTT_4_1_0_1) {
    keep_session();
    w.go_online();
    const std::string id = publish(2);
    for (int i = 0; i < 100; ++i) holds(reconnect(true) == incoming("3c", id), "kept");
    w.feed("50 02 " + id);
    w.forget_sent();
    for (int i = 0; i < 100; ++i) holds(reconnect(true) == "62 02 " + id, "kept");
}
TEST_F(mqtt_3_1_1, MQTT_4_1_0_2) {
    // Clean or not: nothing of it is dropped while the connection holds.
    w.go_online();
    w.feed(incoming("34", "00 07"));
    w.events();
    for (int i = 0; i < 2'000; ++i) {  // nearly three hours
        w.advance(5s);
        w.feed("d0 00");
    }
    w.feed(incoming("3c", "00 07"));
    tells("");
    stays_online();
}

TEST_F(mqtt_3_1_1, MQTT_4_3_1_1) { never_repeats_qos_0(); }
TEST_F(mqtt_3_1_1, MQTT_4_3_2_1) {
    keep_session();
    w.go_online();
    w.publish("t", "x", 1);
    const std::string out = w.sent();
    const std::string id = u16(id_of(out));
    holds(out == "32 06 00 01 74 " + id + " 78", "DUP 0, an identifier");
    holds(publish(1) != id, "and another one for the next");
    holds(reconnect(true).starts_with("3a 06 00 01 74 " + id), "unacknowledged");
    w.feed("40 02 " + id);
    reports(1, "ok");
    holds(!reconnect(true).starts_with("3a 06 00 01 74 " + id), "until PUBACK");
}
TEST_F(mqtt_3_1_1, MQTT_4_3_2_2) { takes_the_same_qos_1_identifier_as_new(); }
TEST_F(mqtt_3_1_1, MQTT_4_3_3_1) {
    w.go_online();
    w.publish("t", "x", 2);
    const std::string out = w.sent();
    const std::string id = u16(id_of(out));
    holds(out == "34 06 00 01 74 " + id + " 78", "DUP 0, an identifier");
    w.feed("50 02 " + id);
    sends("62 02 " + id);
    reports(1, "");
    w.feed("70 02 " + id);
    reports(1, "ok");
    sends("");
}
TEST_F(mqtt_3_1_1, MQTT_4_3_3_2) { receives_qos_2_once(); }
TEST_F(mqtt_3_1_1, MQTT_4_4_0_1) { resends_publish_and_pubrel(); }
TEST_F(mqtt_3_1_1, MQTT_4_5_0_2) { acknowledges_what_nobody_subscribed_to(); }
TEST_F(mqtt_3_1_1, MQTT_4_6_0_1) { resends_in_order(); }
TEST_F(mqtt_3_1_1, MQTT_4_6_0_2) { acknowledges_in_order("32", "40"); }
TEST_F(mqtt_3_1_1, MQTT_4_6_0_3) { acknowledges_in_order("34", "50"); }
TEST_F(mqtt_3_1_1, MQTT_4_6_0_4) { releases_in_the_order_of_pubrec(); }

}  // namespace
}  // namespace engine_tests
