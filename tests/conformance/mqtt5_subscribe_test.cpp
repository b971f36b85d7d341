// MQTT 5, sections 3.8 to 3.15 and 4.7 to 4.13: subscriptions, DISCONNECT, AUTH, topics, flow control, errors.
#include "tests/conformance/both.hpp"

namespace engine_tests {
namespace {

TEST_F(mqtt_5, MQTT_3_8_1_1) {
    w.go_online();
    w.subscribe("a", 1);
    const std::string out = w.sent();
    holds(out == "82 07 " + u16(id_of(out)) + " 00 00 01 61 01", out);
}
TEST_F(mqtt_5, MQTT_3_8_3_1) {
    w.go_online();
    refuses(errc::bad_filter, subscription{.filter = "a/\xC3"});
    refuses(errc::bad_filter, subscription{.filter = "\xED\xA0\x80"});
}
TEST_F(mqtt_5, MQTT_3_8_3_2) { refuses_to_ask_for_no_filter(); }
TEST_F(mqtt_5, MQTT_3_8_3_4) {
    w.go_online();
    refuses(errc::bad_properties, subscription{.filter = "$share/g/a", .no_local = true});
    holds(w.subscribe({.filter = "$share/g/a"}) > 0, "without No Local");
    holds(w.subscribe({.filter = "a", .no_local = true}) > 0, "not shared");
}
TEST_F(mqtt_5, MQTT_3_8_3_5) {
    w.go_online();
    for (unsigned options = 0; options < 48; ++options) {
        const auto qos = static_cast<std::uint8_t>(options & 3);
        if (qos == 3) continue;
        w.subscribe({.filter = "a",
                     .qos = qos,
                     .no_local = (options & 4) != 0,
                     .retain_as_published = (options & 8) != 0,
                     .retain_handling = static_cast<std::uint8_t>(options >> 4)});
        holds(unhex(w.sent()).back() == options, "the options as given, the reserved bits 0");
    }
    refuses(errc::bad_qos, subscription{.filter = "a", .qos = 3});
    refuses(errc::bad_properties, subscription{.filter = "a", .retain_handling = 3});
}
TEST_F(mqtt_5, MQTT_3_9_3_1) {
    // We ask for one filter at a time: each answer belongs to its own.
    w.go_online();
    const std::string first = subscribe("a", 1);
    const std::string second = subscribe("b", 1);
    w.feed(answer("90", second, "01") + answer("90", first, "80"));
    reports(1, "refused 80 maybe_delivered");
    reports(2, "ok 01");
}
TEST_F(mqtt_5, MQTT_3_9_3_2) { closes_at_answers("90", {"03", "7f", "10", "ff", "", "00 00", "80 01"}); }
TEST_F(mqtt_5, MQTT_3_10_1_1) {
    w.go_online();
    w.unsubscribe("a");
    const std::string out = w.sent();
    holds(out == "a2 06 " + u16(id_of(out)) + " 00 00 01 61", out);
}
TEST_F(mqtt_5, MQTT_3_10_3_1) {
    w.go_online();
    refuses_unsubscribe(errc::bad_filter, {.filter = "a/\xC3"});
}
TEST_F(mqtt_5, MQTT_3_10_3_2) { refuses_to_ask_for_no_filter(); }
TEST_F(mqtt_5, MQTT_3_11_3_1) {
    closes_at_answers("b0", {"", "00 00"});
    w.go_online();
    const std::string first = unsubscribe("a");
    const std::string second = unsubscribe("b");
    w.feed(answer("b0", second, "11") + answer("b0", first, "00"));
    reports(1, "ok");
    reports(2, "ok 11");
}
TEST_F(mqtt_5, MQTT_3_11_3_2) { closes_at_answers("b0", {"ff", "01", "92"}); }

TEST_F(mqtt_5, MQTT_3_12_4_1) {
    w.go_online();
    w.advance(15s);
    sends("c0 00");
    w.advance(20s);  // two response times
    holds(w.events().starts_with("disconnected silence at online"), "closed");
    w.go_online();
    stays_online();
}

TEST_F(mqtt_5, MQTT_3_14_0_1) { closes_before_connack_at({"e0 00", "e0 01 8b"}, "82"); }
TEST_F(mqtt_5, MQTT_3_14_1_1) { closes_at({"e1 00", "e2 00", "e8 01 8b"}, "81"); }
TEST_F(mqtt_5, MQTT_3_14_2_1) {
    w.go_online();
    w.stop(0ms);
    sends("e0 00");
    closes_at({"e0 01 01", "e0 01 04", "e0 01 7f", "e0 01 ff"}, "82");
}
TEST_F(mqtt_5, MQTT_3_14_2_2) { closes_at({"e0 07 00 05 11 00 00 00 3c"}, "81"); }
TEST_F(mqtt_5, MQTT_3_14_2_3) {
    // We never explain: with or without a code it is as short as can be.
    w.go_online(false, "27 00 00 00 03");
    w.feed("d1 00");
    sends("e0 01 81");
}
TEST_F(mqtt_5, MQTT_3_14_2_4) {
    w.go_online(false, "27 00 00 00 02");
    w.feed("d1 00");
    sends("");  // there is no room for the code, and without it DISCONNECT would say something else
    holds(w.closes == 1, "closed all the same");
    w.go_online(false, "27 00 00 00 02");
    w.stop(0ms);
    sends("e0 00");
}
TEST_F(mqtt_5, MQTT_3_14_4_1) { sends_nothing_after_disconnect(); }
TEST_F(mqtt_5, MQTT_3_14_4_2) { closes_after_disconnect(); }

TEST_F(mqtt_5, MQTT_3_15_1_1) { closes_at({"f1 00", "f8 00"}, "81"); }
TEST_F(mqtt_5, MQTT_3_15_2_1) { closes_at({"f0 02 01 00", "f0 02 19 00", "f0 02 ff 00"}, "82"); }

TEST_F(mqtt_5, MQTT_4_7_0_1) { takes_no_wildcard_in_a_topic(); }
TEST_F(mqtt_5, MQTT_4_7_1_1) { takes_a_multi_level_wildcard_only_at_the_end(); }
TEST_F(mqtt_5, MQTT_4_7_1_2) { takes_a_single_level_wildcard_only_for_a_whole_level(); }
TEST_F(mqtt_5, MQTT_4_7_3_1) { takes_no_empty_topic(); }
TEST_F(mqtt_5, MQTT_4_7_3_2) { takes_no_text_like({"\0", 1}); }
TEST_F(mqtt_5, MQTT_4_7_3_3) { takes_65535_bytes_and_no_more(); }

TEST_F(mqtt_5, MQTT_4_8_2_1) {
    w.go_online();
    for (const char* bad : {"$share//a", "$share/"}) refuses(errc::bad_filter, subscription{.filter = bad});
    holds(w.subscribe("$share/g/a/#", 0) > 0, "a name, a filter");
}
TEST_F(mqtt_5, MQTT_4_8_2_2) {
    w.go_online();
    for (const char* bad : {"$share/a+/b", "$share/#/b", "$share/g", "$share/g/"}) {
        refuses(errc::bad_filter, subscription{.filter = bad});
    }
}

TEST_F(mqtt_5, MQTT_4_9_0_1) {
    w.go_online(false, "21 00 01");
    holds(publish(1) != "00 00", "one goes");
    w.publish("t", "x", 1);
    sends("");
}
TEST_F(mqtt_5, MQTT_4_9_0_2) {
    w.go_online(false, "21 00 01");
    const std::string id = publish(2);
    w.publish("t", "x", 1);
    w.publish("t", "x", 2);
    sends("");
    w.feed("50 02 " + id);
    sends("62 02 " + id);
    w.feed("70 02 " + id);
    holds(w.sent_packets().size() == 1, "one more");
}
TEST_F(mqtt_5, MQTT_4_9_0_3) {
    w.go_online(false, "21 00 01");
    const std::string id = publish(2);
    w.publish("t", "waits", 1);
    w.feed("50 02 " + id + incoming("32", "00 01") + incoming("34", "00 02") + "62 02 00 03");
    w.subscribe("a", 0);
    w->ping(w.now);
    const auto packets = w.sent_packets();
    holds(packets.size() == 6, "all but the one that waits");
    for (const auto& each : packets) holds(each.front() != '3', each);
}

TEST_F(mqtt_5, MQTT_4_12_0_6) {
    closes_before_connack_at({"f0 00", "f0 02 18 00", "f0 06 18 04 15 00 01 6d"}, "82");
    closes_at({"f0 00", "f0 06 18 04 15 00 01 6d"}, "82");
}
TEST_F(mqtt_5, MQTT_4_12_0_7) {
    closes_before_connack_at({w.connack(false, "15 00 01 6d"), w.connack(false, "15 00 01 6d 16 00 01 64")}, "82");
}

TEST_F(mqtt_5, MQTT_4_13_1_1) {
    // Malformed packets, and packets that are whole and out of place; the rows above have the rest.
    closes_at({"30 ff ff ff ff 01", "30 05 00 05 61 00 78", "32 05 00 01 74 00 01", "40 01 00", "41 02 00 01",
               "62 04 00 01 00 05", "b0 02 00 01"},
              "81");
    closes_at({"20 03 00 00 00", "f0 00"}, "82");
}
TEST_F(mqtt_5, MQTT_4_13_2_1) {
    w.answers_close = false;  // the server keeps its side open
    w.start();
    w.publish("t", "x", 1);
    w.open();
    w.forget_sent();
    w.feed("20 03 00 87 00");
    tells("disconnected connection_refused at mqtt 87 hopeless");
    sends("");
    holds(w.closes == 1, "closed from our side");
}

// ---- rules without a number -----------------------------------------------------------------------

TEST_F(mqtt_5, section_3_14_4) {
    w.answers_close = false;
    w.go_online();
    w.publish("t", "waits", 1);
    w.feed("e0 01 8b");
    sends("");  // nothing is answered
    holds(w.closes == 1, "closed from our side");
    tells("disconnected server_disconnected at online 8b was_online");
}
TEST_F(mqtt_5, section_4_13_1) {
    // Each violation is told by the code that section 4.13 has for it.
    closes_at({incoming("30", "", "x", "23 00 01")}, "94");
    closes_at({incoming("36", "00 01"), "d1 00"}, "81");
    closes_at({w.connack(false)}, "82");
    w.bounds.packet_bytes_max = 100;
    closes_at({"30 65"}, "95");
}
TEST_F(mqtt_5, section_3_1_2_11_2) {
    // DISCONNECT has no properties: what CONNECT said of the session stays.
    for (const bool clean : {true, false}) {
        world client(version::v5);
        client.config.clean = clean;
        client.go_online();
        client.stop(0ms);
        sends(client, "e0 00");
    }
}

}  // namespace
}  // namespace engine_tests
