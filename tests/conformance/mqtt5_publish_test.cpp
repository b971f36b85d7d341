// MQTT 5, sections 3.3 to 3.7 and 4.1 to 4.6: PUBLISH, its acknowledgements, and delivery.
#include "tests/conformance/both.hpp"

namespace engine_tests {
namespace {

TEST_F(mqtt_5, MQTT_3_3_1_1) { sets_dup_on_a_resend(); }
TEST_F(mqtt_5, MQTT_3_3_1_2) { sets_no_dup_at_qos_0(); }
TEST_F(mqtt_5, MQTT_3_3_1_4) {
    w.go_online();
    refuses(errc::bad_qos, publish_request{.topic = "t", .qos = 3});
    closes_at({incoming("36", "00 01"), incoming("3e", "00 01")}, "81");
}
TEST_F(mqtt_5, MQTT_3_3_2_1) { reads_the_topic_first(); }
TEST_F(mqtt_5, MQTT_3_3_2_2) { takes_no_wildcard_in_a_topic(); }
TEST_F(mqtt_5, MQTT_3_3_2_4) {
    // We do not check: the application gets what was sent, and what the sender said of it.
    w.go_online();
    w.feed(packet("30", "00 01 74 02 01 01 ff fe"));
    tells("message t '\xFF\xFE' qos 0 properties 01 01");
    stays_online();
}
TEST_F(mqtt_5, MQTT_3_3_2_7) {
    w.go_online();
    reconnect(false);
    w.feed(packet("30", "00 00 03 23 00 01 78"));
    is_closed(w, "82");  // no topic, and an alias that nobody knows
}
TEST_F(mqtt_5, MQTT_3_3_2_8) { closes_at({incoming("30", "", "x", "23 00 00")}, "94"); }
TEST_F(mqtt_5, MQTT_3_3_2_9) {
    w.go_online(false, "22 00 03");
    w.publish("t", "x", 0);
    sends("30 05 00 01 74 00 78");  // we never send an alias
}
TEST_F(mqtt_5, MQTT_3_3_2_10) {
    // Our maximum is 0, and the server hears of none.
    holds(connect() == "10 0e 00 04 4d 51 54 54 05 02 00 3c 00 00 01 63", "no Topic Alias Maximum");
}
TEST_F(mqtt_5, MQTT_3_3_2_11) {
    closes_at({incoming("30", "", "x", "23 00 01"), incoming("30", "", "x", "23 ff ff")}, "94");
}
TEST_F(mqtt_5, MQTT_3_3_2_13) {
    w.go_online();
    for (const std::string_view bad : {std::string_view("a\0b", 3), std::string_view("\xC3")}) {
        const publish_properties given{.response_topic = bad};
        refuses(errc::bad_properties, publish_request{.topic = "t", .properties = given});
    }
    closes_at({incoming("30", "", "x", "08 00 03 61 00 62"), incoming("30", "", "x", "08 00 01 c3")}, "81");
}
TEST_F(mqtt_5, MQTT_3_3_2_14) {
    w.go_online();
    const publish_properties given{.response_topic = "a/#"};
    refuses(errc::bad_properties, publish_request{.topic = "t", .properties = given});
    // Received, it is let through: another client's mistake does not cost us the connection.
    delivers(incoming("30", "", "x", "08 00 03 61 2f 23"), "message t 'x' qos 0 properties 08 00 03 61 2f 23");
}
TEST_F(mqtt_5, MQTT_3_3_2_19) {
    w.go_online();
    const publish_properties given{.content_type = "\xFF"};
    refuses(errc::bad_properties, publish_request{.topic = "t", .properties = given});
    closes_at({incoming("30", "", "x", "03 00 01 ff")}, "81");
}
TEST_F(mqtt_5, MQTT_3_3_4_1) { answers_by_qos(); }
TEST_F(mqtt_5, MQTT_3_3_4_6) {
    // Whatever can be given with a PUBLISH: there is no subscription identifier in it.
    w.go_online();
    const user_property user{"k", "v"};
    const publish_properties all{.message_expiry_interval = 60,
                                 .content_type = "c",
                                 .response_topic = "r",
                                 .correlation_data = "d",
                                 .payload_is_utf8 = true,
                                 .user_properties = {&user, 1}};
    w.publish({.topic = "t", .payload = as_bytes("x"), .properties = all});
    sends(packet("30", "00 01 74 1a 01 01 02 00 00 00 3c 03 00 01 63 08 00 01 72 09 00 01 64 26 00 01 6b 00 01 76 78"));
}
TEST_F(mqtt_5, MQTT_3_3_4_7) {
    w.go_online(false, "21 00 02");
    const std::string one = publish(1);
    const std::string two = publish(2);
    w.publish("t", "y", 1);
    sends("");
    w.feed("50 02 " + two);
    sends("62 02 " + two);  // the flow is not over
    w.feed("70 02 " + two);
    holds(w.sent().starts_with("32"), "now there is room");
    w.publish("t", "z", 2);
    sends("");
    w.feed("40 02 " + one);
    holds(w.sent().starts_with("34"), "and again");
}
TEST_F(mqtt_5, MQTT_3_3_4_8) {
    w.go_online(false, "21 00 01");
    publish(1);
    w.publish("t", "waits", 1);
    w.subscribe("a", 0);
    holds(w.sent().starts_with("82"), "SUBSCRIBE goes out");
    w.unsubscribe("b");
    holds(w.sent().starts_with("a2"), "UNSUBSCRIBE, too");
    w->ping(w.now);
    sends("c0 00");
}
TEST_F(mqtt_5, MQTT_3_3_4_9) {
    w.config.receive_maximum = 2;
    holds(connect() == "10 11 00 04 4d 51 54 54 05 02 00 3c 03 21 00 02 00 01 63", "the server is told");
    w.go_online();
    w.feed(incoming("34", "00 01") + incoming("34", "00 02"));
    sends("50 02 00 01 | 50 02 00 02");
    w.events();
    w.feed(incoming("34", "00 03"));
    is_closed(w, "93");
}

TEST_F(mqtt_5, MQTT_3_4_2_1) {
    acknowledges_in_order("32", "40");  // ours: success, left out
    closes_at({"40 03 00 01 01", "40 03 00 01 7f", "40 03 00 01 92", "40 03 00 01 ff"}, "82");
}
TEST_F(mqtt_5, MQTT_3_4_2_2) { acknowledges_within_4_bytes(incoming("32", "00 01"), "40 02 00 01"); }
TEST_F(mqtt_5, MQTT_3_4_2_3) {
    // Also where the message has user properties of its own: none goes back.
    acknowledges_within_4_bytes(incoming("32", "00 01", "x", "26 00 01 6b 00 01 76"), "40 02 00 01");
}
TEST_F(mqtt_5, MQTT_3_5_2_1) {
    acknowledges_in_order("34", "50");
    closes_at({"50 03 00 01 01", "50 03 00 01 7f", "50 03 00 01 92", "50 03 00 01 ff"}, "82");
}
TEST_F(mqtt_5, MQTT_3_5_2_2) { acknowledges_within_4_bytes(incoming("34", "00 01"), "50 02 00 01"); }
TEST_F(mqtt_5, MQTT_3_5_2_3) {
    acknowledges_within_4_bytes(incoming("34", "00 01", "x", "26 00 01 6b 00 01 76"), "50 02 00 01");
}
TEST_F(mqtt_5, MQTT_3_6_1_1) {
    w.go_online();
    const std::string id = publish(2);
    w.feed("50 02 " + id);
    sends("62 02 " + id);
    closes_at({"60 02 00 01", "61 02 00 01"}, "81");
}
TEST_F(mqtt_5, MQTT_3_6_2_1) {
    w.go_online();
    w.feed("50 02 00 01");  // of a flow that nobody knows
    sends("62 03 00 01 92");
    closes_at({"62 03 00 01 80", "62 03 00 01 10", "62 03 00 01 ff"}, "82");
}
TEST_F(mqtt_5, MQTT_3_6_2_2) { acknowledges_within_4_bytes("50 02 00 01", "62 02 00 01"); }
TEST_F(mqtt_5, MQTT_3_6_2_3) { acknowledges_within_4_bytes("50 0b 00 01 00 07 26 00 01 6b 00 01 76", "62 02 00 01"); }
TEST_F(mqtt_5, MQTT_3_7_2_1) {
    w.go_online();
    w.feed("62 02 00 01");
    sends("70 03 00 01 92");
    closes_at({"70 03 00 01 80", "70 03 00 01 10", "70 03 00 01 ff"}, "82");
}
TEST_F(mqtt_5, MQTT_3_7_2_2) { acknowledges_within_4_bytes("62 02 00 01", "70 02 00 01"); }
TEST_F(mqtt_5, MQTT_3_7_2_3) { acknowledges_within_4_bytes("62 0b 00 01 00 07 26 00 01 6b 00 01 76", "70 02 00 01"); }

TEST_F(mqtt_5, MQTT_4_1_0_1) {
    keep_session();
    w.go_online();
    const std::string id = publish(2);
    for (int i = 0; i < 100; ++i) holds(reconnect(true) == incoming("3c", id), "kept");
}

TEST_F(mqtt_5, MQTT_4_3_1_1) { never_repeats_qos_0(); }
TEST_F(mqtt_5, MQTT_4_3_2_1) {
    w.go_online();
    const std::string one = publish(1);
    holds(one != "00 00" && publish(1) != one, "an identifier that is not in use");
}
TEST_F(mqtt_5, MQTT_4_3_2_2) {
    w.go_online();
    w.publish("t", "x", 1);
    const std::string out = w.sent();
    holds(out == incoming("32", u16(id_of(out))), "DUP 0");
}
TEST_F(mqtt_5, MQTT_4_3_2_3) {
    keep_session();
    w.go_online();
    const std::string id = publish(1);
    holds(reconnect(true) == incoming("3a", id), "unacknowledged");
    w.feed("40 02 " + id);
    holds(reconnect(true).empty(), "until PUBACK");
}
TEST_F(mqtt_5, MQTT_4_3_2_4) {
    w.go_online();
    w.feed(incoming("32", "01 02"));
    tells("message t 'x' qos 1");
    sends("40 02 01 02");
}
TEST_F(mqtt_5, MQTT_4_3_2_5) { takes_the_same_qos_1_identifier_as_new(); }
TEST_F(mqtt_5, MQTT_4_3_3_1) {
    w.go_online();
    const std::string one = publish(2);
    holds(one != "00 00" && publish(2) != one, "an identifier that is not in use");
}
TEST_F(mqtt_5, MQTT_4_3_3_2) {
    w.go_online();
    w.publish("t", "x", 2);
    const std::string out = w.sent();
    holds(out == incoming("34", u16(id_of(out))), "DUP 0");
}
TEST_F(mqtt_5, MQTT_4_3_3_3) {
    keep_session();
    w.go_online();
    const std::string id = publish(2);
    holds(reconnect(true) == incoming("3c", id), "unacknowledged");
    w.feed("50 02 " + id);
    w.forget_sent();
    holds(reconnect(true) == "62 02 " + id, "until PUBREC");
}
TEST_F(mqtt_5, MQTT_4_3_3_4) {
    w.go_online();
    for (const char* success : {"00", "10"}) {
        const std::string id = publish(2);
        w.feed("50 03 " + id + " " + success);
        sends("62 02 " + id);
    }
    for (const char* failure : {"80", "83", "87", "90", "91", "97", "99"}) {
        w.feed("50 03 " + publish(2) + " " + failure);
        sends("");
    }
}
TEST_F(mqtt_5, MQTT_4_3_3_5) {
    keep_session();
    w.go_online();
    const std::string id = publish(2);
    w.feed("50 02 " + id);
    w.forget_sent();
    holds(reconnect(true) == "62 02 " + id, "unacknowledged");
    w.feed("70 02 " + id);
    holds(reconnect(true).empty(), "until PUBCOMP");
}
TEST_F(mqtt_5, MQTT_4_3_3_6) { never_publishes_after_pubrel(); }
TEST_F(mqtt_5, MQTT_4_3_3_7) {
    keep_session();
    w.go_online();
    const publish_properties given{.message_expiry_interval = 1};
    w.publish({.topic = "t", .payload = as_bytes("x"), .qos = 2, .properties = given});
    w.forget_sent();
    const std::string id = u16(w.last_id());
    w.lose(errc::connection_closed);
    w.advance(2s);
    w.reconnect(true);
    holds(w.sent_packets().back() == incoming("3c", id, "x", "02 00 00 00 01"), "still sent again");
}
TEST_F(mqtt_5, MQTT_4_3_3_8) {
    w.go_online();
    w.feed(incoming("34", "01 02"));
    sends("50 02 01 02");
}
TEST_F(mqtt_5, MQTT_4_3_3_10) { receives_qos_2_once(); }
TEST_F(mqtt_5, MQTT_4_3_3_11) {
    w.go_online();
    w.feed(incoming("34", "00 07") + "62 02 00 07");
    sends("50 02 00 07 | 70 02 00 07");
    w.feed("62 02 00 07");
    sends("70 03 00 07 92");
}
TEST_F(mqtt_5, MQTT_4_3_3_12) {
    w.go_online();
    w.feed(incoming("34", "00 07") + "62 02 00 07" + incoming("34", "00 07", "y"));
    tells("message t 'x' qos 2 | message t 'y' qos 2");
}
TEST_F(mqtt_5, MQTT_4_3_3_13) {
    w.go_online();
    w.feed(incoming("34", "00 07", "x", "02 00 00 00 00"));
    sends("50 02 00 07");
    w.advance(5s);
    w.feed(incoming("3c", "00 07", "x", "02 00 00 00 00") + "62 02 00 07");
    sends("50 02 00 07 | 70 02 00 07");
}
TEST_F(mqtt_5, MQTT_4_4_0_1) {
    resends_publish_and_pubrel();
    // Never while the connection lives, however long the answers stay away.
    w.go_online();
    publish(1);
    publish(2);
    for (int i = 0; i < 49; ++i) {
        w.advance(1s);
        w.feed("d0 00");
        for (const auto& each : w.sent_packets()) holds(each == "c0 00", each);
    }
    stays_online();
}
TEST_F(mqtt_5, MQTT_4_4_0_2) {
    keep_session();
    w.go_online();
    w.feed("40 03 " + publish(1) + " 97");
    w.feed("50 03 " + publish(2) + " 80");
    holds(reconnect(true).empty(), "never again");
    reports(1, "refused 97 maybe_delivered");
    reports(2, "refused 80 maybe_delivered");
}
TEST_F(mqtt_5, MQTT_4_5_0_2) { acknowledges_what_nobody_subscribed_to(); }
TEST_F(mqtt_5, MQTT_4_6_0_1) { resends_in_order(); }
TEST_F(mqtt_5, MQTT_4_6_0_2) { acknowledges_in_order("32", "40"); }
TEST_F(mqtt_5, MQTT_4_6_0_3) { acknowledges_in_order("34", "50"); }
TEST_F(mqtt_5, MQTT_4_6_0_4) { releases_in_the_order_of_pubrec(); }

// ---- rules without a number -----------------------------------------------------------------------

TEST_F(mqtt_5, section_3_3_2_3_4) {
    closes_at({packet("30", "00 00 00 78"), packet("30", "00 00 03 23 00 01 78")}, "82");
}
TEST_F(mqtt_5, section_3_3_2_3_8) { closes_at({incoming("30", "", "x", "0b 00")}, "82"); }
TEST_F(mqtt_5, section_3_3_4) {
    // A subscription identifier that we never gave: let through, as it may belong to a session we continue.
    w.go_online();
    delivers(incoming("30", "", "x", "0b 07"), "message t 'x' qos 0 properties 0b 07");
}
TEST_F(mqtt_5, section_4_3_3) {
    w.go_online();
    w.feed("40 02 00 01 50 02 00 02 62 02 00 03 70 02 00 04 62 03 00 06 92 70 03 00 07 92");
    stays_online();
    sends("62 03 00 02 92 | 70 03 00 03 92 | 70 03 00 06 92");
}

}  // namespace
}  // namespace engine_tests
