// MQTT 3.1.1, sections 1.5 to 3.2: strings, fixed header, packet identifiers, CONNECT, CONNACK.
#include "tests/conformance/both.hpp"

namespace engine_tests {
namespace {

TEST_F(mqtt_3_1_1, MQTT_1_5_3_1) {
    takes_no_text_like("a\xC3");
    takes_no_text_like("\xED\xA0\x80");  // a surrogate
}
TEST_F(mqtt_3_1_1, MQTT_1_5_3_2) { takes_no_text_like({"a\0b", 3}); }
TEST_F(mqtt_3_1_1, MQTT_1_5_3_3) { keeps_a_byte_order_mark(); }

TEST_F(mqtt_3_1_1, MQTT_2_2_2_1) { sends_only_the_flags_that_are_listed(); }
TEST_F(mqtt_3_1_1, MQTT_2_2_2_2) { closes_at_any_other_flags(); }

TEST_F(mqtt_3_1_1, MQTT_2_3_1_1) {
    w.go_online();
    for (int i = 0; i < 3; ++i) {
        for (const auto& id : {publish(1), publish(2), subscribe("f"), unsubscribe("f")}) holds(id != "00 00", id);
    }
    closes_at({incoming("32", "00 00"), incoming("34", "00 00")}, "");
}
TEST_F(mqtt_3_1_1, MQTT_2_3_1_2) { never_takes_an_identifier_in_use(); }
TEST_F(mqtt_3_1_1, MQTT_2_3_1_3) { keeps_an_identifier_until_the_last_acknowledgement(); }
TEST_F(mqtt_3_1_1, MQTT_2_3_1_5) {
    w.go_online();
    w.publish("t", "x", 0);
    sends("30 04 00 01 74 78");
    w.events();
    delivers("30 05 00 01 74 78 79", "message t 'xy' qos 0");
}
TEST_F(mqtt_3_1_1, MQTT_2_3_1_6) { acknowledges_with_the_same_identifier(); }
TEST_F(mqtt_3_1_1, MQTT_2_3_1_7) { ignores_answers_with_another_identifier(); }

TEST_F(mqtt_3_1_1, MQTT_3_1_0_1) { sends_connect_first(); }
TEST_F(mqtt_3_1_1, MQTT_3_1_0_2) { sends_connect_once(); }

TEST_F(mqtt_3_1_1, MQTT_3_1_2_1) { holds(connect().substr(6, 17) == "00 04 4d 51 54 54", "the name is MQTT"); }
TEST_F(mqtt_3_1_1, MQTT_3_1_2_2) { holds(byte_of(connect(), 8) == 4, "the level is 4"); }
TEST_F(mqtt_3_1_1, MQTT_3_1_2_3) { sets_no_reserved_connect_flag(); }
TEST_F(mqtt_3_1_1, MQTT_3_1_2_4) { continues_the_session(); }
TEST_F(mqtt_3_1_1, MQTT_3_1_2_6) { forgets_the_session(); }
TEST_F(mqtt_3_1_1, MQTT_3_1_2_9) {
    w.config.will = engine_will{.topic = "w", .payload = as_bytes("m"), .qos = 1, .retain = true};
    holds(connect() == "10 13 00 04 4d 51 54 54 04 2e 00 3c 00 01 63 00 01 77 00 01 6d", "topic and message");
    w.config.will = engine_will{.topic = "w"};
    holds(connect() == "10 12 00 04 4d 51 54 54 04 06 00 3c 00 01 63 00 01 77 00 00", "an empty message, too");
}
TEST_F(mqtt_3_1_1, MQTT_3_1_2_11) {
    holds(connect() == "10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 63", "nothing behind the client identifier");
}
TEST_F(mqtt_3_1_1, MQTT_3_1_2_13) { holds((byte_of(connect(), 9) & 0x18) == 0, "without a will its qos is 0"); }
TEST_F(mqtt_3_1_1, MQTT_3_1_2_14) {
    refuses_config(errc::bad_will, [](auto& c) { c.will = engine_will{.topic = "w", .qos = 3}; });
}
TEST_F(mqtt_3_1_1, MQTT_3_1_2_15) { holds((byte_of(connect(), 9) & 0x20) == 0, "without a will there is no retain"); }
TEST_F(mqtt_3_1_1, MQTT_3_1_2_18) {
    holds(connect() == "10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 63", "neither the flag nor a name");
}
TEST_F(mqtt_3_1_1, MQTT_3_1_2_19) {
    w.config.user = "u";
    holds(connect() == "10 10 00 04 4d 51 54 54 04 82 00 3c 00 01 63 00 01 75", "flag and name");
    w.config.user = "";
    holds(connect() == "10 0f 00 04 4d 51 54 54 04 82 00 3c 00 01 63 00 00", "an empty one, too");
}
TEST_F(mqtt_3_1_1, MQTT_3_1_2_20) {
    w.config.user = "u";
    holds(connect() == "10 10 00 04 4d 51 54 54 04 82 00 3c 00 01 63 00 01 75", "neither the flag nor a password");
}
TEST_F(mqtt_3_1_1, MQTT_3_1_2_21) {
    w.config.user = "u";
    w.config.password = "p";
    holds(connect() == "10 13 00 04 4d 51 54 54 04 c2 00 3c 00 01 63 00 01 75 00 01 70", "flag and password");
}
TEST_F(mqtt_3_1_1, MQTT_3_1_2_22) {
    refuses_config(errc::bad_credentials, [](auto& c) { c.password = "p"; });
}
TEST_F(mqtt_3_1_1, MQTT_3_1_2_23) {
    w.config.keepalive = 2;
    w.go_online();
    pings_within(2s);
    world without(version::v3_1_1);
    without.config.keepalive = 0;
    without.go_online();
    without.advance(15s);
    sends(without, "");
}

TEST_F(mqtt_3_1_1, MQTT_3_1_3_1) {
    w.config.user = "u";
    w.config.password = "p";
    w.config.will = engine_will{.topic = "w", .payload = as_bytes("m")};
    holds(connect() == "10 19 00 04 4d 51 54 54 04 c6 00 3c 00 01 63 00 01 77 00 01 6d 00 01 75 00 01 70", "the order");
}
TEST_F(mqtt_3_1_1, MQTT_3_1_3_2) {
    // The state belongs to the client of this identifier: another client continues nothing of it.
    keep_session();
    w.go_online();
    publish(1);
    holds(reconnect(true) != "", "the same client goes on");
    world other(version::v3_1_1);
    other.config = w.config;
    other.config.client_id = "d";
    other.go_online(true);
    sends(other, "");
}
TEST_F(mqtt_3_1_1, MQTT_3_1_3_3) {
    w.config.client_id = "first";
    w.config.user = "u";
    holds(connect() == "10 14 00 04 4d 51 54 54 04 82 00 3c 00 05 66 69 72 73 74 00 01 75", "before all others");
}
TEST_F(mqtt_3_1_1, MQTT_3_1_3_4) {
    refuses_config(errc::bad_client_id, [](auto& c) { c.client_id = "\xED\xA0\x80"; });
}
TEST_F(mqtt_3_1_1, MQTT_3_1_3_7) {
    w.config.client_id = "";
    holds(connect() == "10 0c 00 04 4d 51 54 54 04 02 00 3c 00 00", "with a clean session it may be empty");
    refuses_config(errc::bad_client_id, [](auto& c) { c.clean = false; });
    refuses_config(errc::bad_client_id, [](auto& c) { c.clean_init = false; });
}
TEST_F(mqtt_3_1_1, MQTT_3_1_3_10) {
    refuses_config(errc::bad_will, [](auto& c) { c.will = engine_will{.topic = "w\xFF"}; });
}
TEST_F(mqtt_3_1_1, MQTT_3_1_3_11) {
    refuses_config(errc::bad_credentials, [](auto& c) { c.user = "u\xFF"; });
}

TEST_F(mqtt_3_1_1, MQTT_3_2_0_1) { closes_at_anything_before_connack(); }
TEST_F(mqtt_3_1_1, MQTT_3_2_2_1) { closes_before_connack_at({"20 02 01 00"}, ""); }
TEST_F(mqtt_3_1_1, MQTT_3_2_2_4) {
    keep_session();  // where session present would be welcome
    closes_before_connack_at({"20 02 01 05", "20 02 01 01"}, "");
}
TEST_F(mqtt_3_1_1, MQTT_3_2_2_5) {
    w.answers_close = false;  // the server keeps its side open
    w.start();
    w.publish("t", "x", 1);
    w.subscribe("f", 0);
    w.open();
    w.forget_sent();
    w.feed("20 02 00 05");
    tells("disconnected connection_refused at mqtt 87 hopeless");
    sends("");
    holds(w.closes == 1, "closed from our side");
}

}  // namespace
}  // namespace engine_tests
