// MQTT 3.1.1, sections 3.8 to 3.14 and 4.7 to 4.8: subscriptions, DISCONNECT, topics, errors.
#include "tests/conformance/both.hpp"

namespace engine_tests {
namespace {

TEST_F(mqtt_3_1_1, MQTT_3_8_1_1) {
    w.go_online();
    w.subscribe("a", 1);
    const std::string out = w.sent();
    holds(out == "82 06 " + u16(id_of(out)) + " 00 01 61 01", out);
}
TEST_F(mqtt_3_1_1, MQTT_3_8_3_1) {
    w.go_online();
    refuses(errc::bad_filter, subscription{.filter = "a/\xC3"});
    refuses(errc::bad_filter, subscription{.filter = "\xED\xA0\x80"});
}
TEST_F(mqtt_3_1_1, MQTT_3_8_3_3) { refuses_to_ask_for_no_filter(); }
TEST_F(mqtt_3_1_1, MQTT_3_8_3_4) {
    w.go_online();
    for (const std::uint8_t qos : every_qos) {
        w.subscribe("a", qos);
        holds(unhex(w.sent()).back() == qos, "the last byte is the qos");
    }
    refuses(errc::bad_qos, subscription{.filter = "a", .qos = 3});
}
TEST_F(mqtt_3_1_1, MQTT_3_8_4_5) { closes_at_answers("90", {"", "00 00", "00 00 00"}); }
TEST_F(mqtt_3_1_1, MQTT_3_9_3_1) {
    // We ask for one filter at a time: each answer belongs to its own.
    w.go_online();
    const std::string first = subscribe("a", 1);
    const std::string second = subscribe("b", 1);
    w.feed(answer("90", second, "01") + answer("90", first, "80"));
    reports(1, "refused 80 maybe_delivered");
    reports(2, "ok 01");
}
TEST_F(mqtt_3_1_1, MQTT_3_9_3_2) { closes_at_answers("90", {"03", "7f", "81", "ff"}); }
TEST_F(mqtt_3_1_1, MQTT_3_10_1_1) {
    w.go_online();
    w.unsubscribe("a");
    const std::string out = w.sent();
    holds(out == "a2 05 " + u16(id_of(out)) + " 00 01 61", out);
}
TEST_F(mqtt_3_1_1, MQTT_3_10_3_1) {
    w.go_online();
    w.unsubscribe("a/\xC3\xA4");
    const std::string out = w.sent();
    holds(out == "a2 08 " + u16(id_of(out)) + " 00 04 61 2f c3 a4", out);
    refuses_unsubscribe(errc::bad_filter, {.filter = "a/\xC3"});
}
TEST_F(mqtt_3_1_1, MQTT_3_10_3_2) { refuses_to_ask_for_no_filter(); }

TEST_F(mqtt_3_1_1, MQTT_3_14_1_1) {
    w.go_online();
    w.stop(0ms);
    sends("e0 00");
}
TEST_F(mqtt_3_1_1, MQTT_3_14_4_1) { closes_after_disconnect(); }
TEST_F(mqtt_3_1_1, MQTT_3_14_4_2) { sends_nothing_after_disconnect(); }

TEST_F(mqtt_3_1_1, MQTT_4_7_1_1) { takes_no_wildcard_in_a_topic(); }
TEST_F(mqtt_3_1_1, MQTT_4_7_1_2) { takes_a_multi_level_wildcard_only_at_the_end(); }
TEST_F(mqtt_3_1_1, MQTT_4_7_1_3) { takes_a_single_level_wildcard_only_for_a_whole_level(); }
TEST_F(mqtt_3_1_1, MQTT_4_7_3_1) { takes_no_empty_topic(); }
TEST_F(mqtt_3_1_1, MQTT_4_7_3_2) { takes_no_text_like({"\0", 1}); }
TEST_F(mqtt_3_1_1, MQTT_4_7_3_3) { takes_65535_bytes_and_no_more(); }

TEST_F(mqtt_3_1_1, MQTT_4_8_0_1) {
    // Malformed, reserved, of a client, out of place; the rows above have the rest.
    closes_at({"00 00", "10 00", "82 00", "a2 00", "c0 00", "e0 00", "f0 00", "30 ff ff ff ff 01", "40 01 00",
               "40 03 00 01 00", "b0 03 00 01 00", "d0 01 00", "20 02 00 00"},
              "");
}
TEST_F(mqtt_3_1_1, MQTT_4_8_0_2) {
    // Memory runs out while a message arrives in parts: the connection ends, and nothing of the message is kept.
    w.go_online();
    const std::size_t before = w.memory.live_bytes;
    w.memory.fail(1);
    w.feed("32 ff 7f 00 01");
    holds(w.events().starts_with("disconnected out_of_memory at online"), "the connection ends");
    holds(w.memory.live_bytes <= before, "nothing is kept");
    reconnect(false);
    delivers(incoming("32", "00 01"), "message t 'x' qos 1");
}

}  // namespace
}  // namespace engine_tests
