// MQTT 5, sections 1.5 to 3.2: strings, fixed header, packet identifiers, CONNECT, CONNACK.
#include "tests/conformance/both.hpp"

namespace engine_tests {
namespace {

TEST_F(mqtt_5, MQTT_1_5_4_1) {
    takes_no_text_like("a\xC3");
    takes_no_text_like("\xED\xA0\x80");                                                          // a surrogate
    closes_at({incoming("30", "", "x", "03 00 01 ff"), "40 08 00 01 00 04 1f 00 01 ff"}, "81");  // in properties
}
TEST_F(mqtt_5, MQTT_1_5_4_2) {
    takes_no_text_like({"a\0b", 3});
    closes_at({incoming("30", "", "x", "03 00 01 00")}, "81");
}
TEST_F(mqtt_5, MQTT_1_5_4_3) { keeps_a_byte_order_mark(); }
TEST_F(mqtt_5, MQTT_1_5_5_1) {
    const std::pair<std::size_t, const char*> lengths[] = {
        {127, "7f"},          {128, "80 01"},          {16'383, "ff 7f"},
        {16'384, "80 80 01"}, {2'097'151, "ff ff 7f"}, {2'097'152, "80 80 80 01"}};
    w.go_online();
    for (const auto& [length, bytes] : lengths) {
        w.publish("t", std::string(length - 4, 'x'), 0);
        holds(w.sent().starts_with("30 " + std::string(bytes) + " 00 01 74 00 78"), bytes);
    }
    closes_at({"30 80 00", "30 85 00 00 01 74 00 78", "30 06 00 01 74 80 00 78"}, "81");
}
TEST_F(mqtt_5, MQTT_1_5_7_1) {
    w.go_online();
    for (const user_property& bad : {user_property{"\xED\xA0\x80", "v"}, {"k", "\xED\xA0\x80"}}) {
        const publish_properties given{.user_properties = {&bad, 1}};
        refuses(errc::bad_properties, publish_request{.topic = "t", .properties = given});
    }
    closes_at({incoming("30", "", "x", "26 00 03 ed a0 80 00 01 76"), incoming("30", "", "x", "26 00 01 6b 00 01 00")},
              "81");
}

TEST_F(mqtt_5, MQTT_2_1_3_1) {
    sends_only_the_flags_that_are_listed();
    closes_at_any_other_flags();
}
TEST_F(mqtt_5, MQTT_2_2_1_2) {
    w.go_online();
    w.publish("t", "x", 0);
    sends("30 05 00 01 74 00 78");
}
TEST_F(mqtt_5, MQTT_2_2_1_3) { never_takes_an_identifier_in_use(); }
TEST_F(mqtt_5, MQTT_2_2_1_4) { closes_at({incoming("32", "00 00"), incoming("34", "00 00")}, "82"); }
TEST_F(mqtt_5, MQTT_2_2_1_5) { acknowledges_with_the_same_identifier(); }
TEST_F(mqtt_5, MQTT_2_2_1_6) { ignores_answers_with_another_identifier(); }
TEST_F(mqtt_5, MQTT_2_2_2_1) {
    holds(connect() == "10 0e 00 04 4d 51 54 54 05 02 00 3c 00 00 01 63", "CONNECT");
    w.go_online();
    w.publish("t", "x", 0);
    sends("30 05 00 01 74 00 78");
    w.subscribe("a", 1);
    const std::string subscribe = w.sent();
    holds(subscribe == "82 07 " + u16(id_of(subscribe)) + " 00 00 01 61 01", subscribe);
    w.unsubscribe("a");
    const std::string unsubscribe = w.sent();
    holds(unsubscribe == "a2 06 " + u16(id_of(unsubscribe)) + " 00 00 01 61", unsubscribe);
    closes_at({"b0 02 00 01", "90 02 00 01"}, "81");
}

TEST_F(mqtt_5, MQTT_3_1_0_1) { sends_connect_first(); }
TEST_F(mqtt_5, MQTT_3_1_0_2) { sends_connect_once(); }

TEST_F(mqtt_5, MQTT_3_1_2_1) { holds(connect().substr(6, 17) == "00 04 4d 51 54 54", "the name is MQTT"); }
TEST_F(mqtt_5, MQTT_3_1_2_2) { holds(byte_of(connect(), 8) == 5, "the version is 5"); }
TEST_F(mqtt_5, MQTT_3_1_2_3) { sets_no_reserved_connect_flag(); }
TEST_F(mqtt_5, MQTT_3_1_2_4) { forgets_the_session(); }
TEST_F(mqtt_5, MQTT_3_1_2_9) {
    w.config.will =
        engine_will{.topic = "w", .payload = as_bytes("m"), .qos = 2, .retain = true, .delay_interval = 258};
    holds(connect() == "10 1a 00 04 4d 51 54 54 05 36 00 3c 00 00 01 63 05 18 00 00 01 02 00 01 77 00 01 6d",
          "properties, topic, payload");
    w.config.will = engine_will{.topic = "w"};
    holds(connect() == "10 14 00 04 4d 51 54 54 05 06 00 3c 00 00 01 63 00 00 01 77 00 00", "an empty payload, too");
}
TEST_F(mqtt_5, MQTT_3_1_2_11) { holds((byte_of(connect(), 9) & 0x18) == 0, "without a will its qos is 0"); }
TEST_F(mqtt_5, MQTT_3_1_2_12) {
    refuses_config(errc::bad_will, [](auto& c) { c.will = engine_will{.topic = "w", .qos = 3}; });
}
TEST_F(mqtt_5, MQTT_3_1_2_13) { holds((byte_of(connect(), 9) & 0x20) == 0, "without a will there is no retain"); }
TEST_F(mqtt_5, MQTT_3_1_2_16) {
    holds(connect() == "10 0e 00 04 4d 51 54 54 05 02 00 3c 00 00 01 63", "neither the flag nor a name");
}
TEST_F(mqtt_5, MQTT_3_1_2_17) {
    w.config.user = "u";
    holds(connect() == "10 11 00 04 4d 51 54 54 05 82 00 3c 00 00 01 63 00 01 75", "flag and name");
    w.config.user = "";
    holds(connect() == "10 10 00 04 4d 51 54 54 05 82 00 3c 00 00 01 63 00 00", "an empty one, too");
}
TEST_F(mqtt_5, MQTT_3_1_2_18) {
    w.config.user = "u";
    holds(connect() == "10 11 00 04 4d 51 54 54 05 82 00 3c 00 00 01 63 00 01 75", "neither the flag nor a password");
}
TEST_F(mqtt_5, MQTT_3_1_2_19) {
    w.config.password = "p";
    holds(connect() == "10 11 00 04 4d 51 54 54 05 42 00 3c 00 00 01 63 00 01 70", "also without a user name");
}
TEST_F(mqtt_5, MQTT_3_1_2_20) {
    w.config.keepalive = 2;
    w.go_online();
    pings_within(2s);
}
TEST_F(mqtt_5, MQTT_3_1_2_21) {
    w.go_online(false, "13 00 04");
    pings_within(4s);
}
TEST_F(mqtt_5, MQTT_3_1_2_23) {
    w.config.session_expiry = 3600;
    continues_the_session();
    holds(connect() == "10 13 00 04 4d 51 54 54 05 00 00 3c 05 11 00 00 0e 10 00 01 63", "an hour was asked for");
}
TEST_F(mqtt_5, MQTT_3_1_2_24) {
    w.bounds.packet_bytes_max = 200;
    holds(connect() == "10 13 00 04 4d 51 54 54 05 02 00 3c 05 27 00 00 00 c8 00 01 63", "the server is told");
    closes_at({incoming("30", "", std::string(194, 'x'))}, "95");  // 201 bytes
    w.go_online();
    const std::string fits(193, 'x');
    delivers(incoming("30", "", fits), "message t '" + fits + "' qos 0");
}
TEST_F(mqtt_5, MQTT_3_1_2_26) {
    closes_at({incoming("30", "", "x", "23 00 01"), incoming("32", "00 01", "x", "23 00 06")}, "94");
}
TEST_F(mqtt_5, MQTT_3_1_2_27) {
    holds(connect() == "10 0e 00 04 4d 51 54 54 05 02 00 3c 00 00 01 63", "no Topic Alias Maximum");
    closes_at({incoming("30", "", "x", "23 00 01")}, "94");
}
TEST_F(mqtt_5, MQTT_3_1_2_28) {
    closes_before_connack_at({w.connack(false, "1a 00 01 72")}, "82");
    w.config.properties.request_response_information = true;
    w.go_online(false, "1a 00 01 72");
    stays_online();
}
TEST_F(mqtt_5, MQTT_3_1_2_29) {
    w.config.properties.request_problem_information = false;
    holds(connect() == "10 10 00 04 4d 51 54 54 05 02 00 3c 02 17 00 00 01 63", "declined");
    closes_at({"40 08 00 01 00 04 1f 00 01 72", "62 08 00 01 00 04 1f 00 01 72", "90 08 00 01 04 1f 00 01 72 00"},
              "82");
}

TEST_F(mqtt_5, MQTT_3_1_3_1) {
    w.config.user = "u";
    w.config.password = "p";
    w.config.will = engine_will{.topic = "w", .payload = as_bytes("m")};
    holds(connect() == "10 1b 00 04 4d 51 54 54 05 c6 00 3c 00 00 01 63 00 00 01 77 00 01 6d 00 01 75 00 01 70",
          "the order");
}
TEST_F(mqtt_5, MQTT_3_1_3_2) {
    // The server assigns an identifier: it names the session from then on.
    w.config.client_id = "";
    w.go_online(false, "12 00 01 7a");
    w.lose();
    w.await_attempt();
    w.open();
    sends("10 0e 00 04 4d 51 54 54 05 02 00 3c 00 00 01 7a");
}
TEST_F(mqtt_5, MQTT_3_1_3_3) {
    w.config.client_id = "first";
    w.config.user = "u";
    holds(connect() == "10 15 00 04 4d 51 54 54 05 82 00 3c 00 00 05 66 69 72 73 74 00 01 75", "before all others");
    w.config.client_id = "";
    holds(connect() == "10 10 00 04 4d 51 54 54 05 82 00 3c 00 00 00 00 01 75", "an empty one, too");
}
TEST_F(mqtt_5, MQTT_3_1_3_4) {
    refuses_config(errc::bad_client_id, [](auto& c) { c.client_id = "\xED\xA0\x80"; });
}
TEST_F(mqtt_5, MQTT_3_1_3_11) {
    refuses_config(errc::bad_will, [](auto& c) { c.will = engine_will{.topic = "w\xFF"}; });
}
TEST_F(mqtt_5, MQTT_3_1_3_12) {
    refuses_config(errc::bad_credentials, [](auto& c) { c.user = "u\xFF"; });
}

TEST_F(mqtt_5, MQTT_3_2_0_1) { closes_at_anything_before_connack(); }
TEST_F(mqtt_5, MQTT_3_2_0_2) { closes_at({w.connack(false)}, "82"); }
TEST_F(mqtt_5, MQTT_3_2_2_1) { closes_before_connack_at({"20 03 02 00 00", "20 03 80 00 00", "20 03 81 00 00"}, "81"); }
TEST_F(mqtt_5, MQTT_3_2_2_2) { closes_before_connack_at({w.connack(true)}, "82"); }
TEST_F(mqtt_5, MQTT_3_2_2_4) {
    // A client that begins clean has no session, whether it keeps one afterwards or not.
    closes_before_connack_at({w.connack(true)}, "82");
    w.config.clean = false;
    closes_before_connack_at({w.connack(true)}, "82");
    // By its own word this one has.
    w.config.clean_init = false;
    w.go_online(true);
    stays_online();
}
TEST_F(mqtt_5, MQTT_3_2_2_5) {
    keep_session();
    forgets_the_session();
}
TEST_F(mqtt_5, MQTT_3_2_2_6) {
    keep_session();  // where session present would be welcome
    closes_before_connack_at({"20 03 01 87 00"}, "82");
}
TEST_F(mqtt_5, MQTT_3_2_2_8) { closes_before_connack_at({"20 03 00 01 00", "20 03 00 7f 00", "20 03 00 ff 00"}, "82"); }
TEST_F(mqtt_5, MQTT_3_2_2_11) {
    w.go_online(false, "24 00");
    refuses(errc::unsupported_by_server, publish_request{.topic = "t", .qos = 1});
    w.publish("t", "x", 0);
    sends(incoming("30"));
    reconnect(false, "24 01");
    refuses(errc::unsupported_by_server, publish_request{.topic = "t", .qos = 2});
    holds(publish(1) != "00 00", "qos 1 is published");
}
TEST_F(mqtt_5, MQTT_3_2_2_14) {
    w.start();
    w.publish({.topic = "t", .payload = as_bytes("x"), .qos = 1, .retain = true});  // before the server has spoken
    holds(w.sent().empty(), "it waits");
    w.await_attempt();
    w.open();
    w.forget_sent();
    w.accept(false, "25 00");
    sends("");
    reports(1, "unsupported_by_server");
    refuses(errc::unsupported_by_server, publish_request{.topic = "t", .retain = true});
}
TEST_F(mqtt_5, MQTT_3_2_2_15) {
    w.go_online(false, "27 00 00 00 1e");
    w.publish("t", std::string(24, 'x'), 0);
    sends(incoming("30", "", std::string(24, 'x')));  // 30 bytes in all
    const std::string more(25, 'x');
    refuses(errc::too_large, publish_request{.topic = "t", .payload = as_bytes(more)});
    const std::string filter(24, 'f');
    refuses(errc::too_large, subscription{.filter = filter});
    refuses_unsubscribe(errc::too_large, {.filter = filter + "g"});
}
TEST_F(mqtt_5, MQTT_3_2_2_17) {
    // We never send an alias: the topic is always there.
    w.go_online(false, "22 00 03");
    for (int i = 0; i < 5; ++i) {
        w.publish("t", "x", 0);
        sends("30 05 00 01 74 00 78");
    }
}
TEST_F(mqtt_5, MQTT_3_2_2_18) {
    w.go_online();
    w.publish("t", "x", 0);
    sends("30 05 00 01 74 00 78");
}
TEST_F(mqtt_5, MQTT_3_2_2_21) {
    // Shorter than ours and longer than ours.
    w.go_online(false, "13 00 04");
    w.advance(1s);
    sends("c0 00");
    reconnect(false, "13 00 78");
    w.advance(29s);
    sends("");
    w.advance(1s);
    sends("c0 00");
}

// ---- rules without a number -----------------------------------------------------------------------

TEST_F(mqtt_5, section_3_2_2_3) {
    closes_before_connack_at({w.connack(false, "25 01 25 01"), w.connack(false, "21 00 01 21 00 01")}, "82");
    closes_at({incoming("30", "", "x", "01 01 01 01"), incoming("30", "", "x", "03 00 00 03 00 00"),
               "40 0a 00 01 00 06 1f 00 00 1f 00 00"},
              "82");
    w.go_online();
    w.feed(incoming("30", "", "x", "26 00 01 6b 00 01 76 26 00 01 6b 00 01 76 0b 01 0b 01"));
    holds(w.was_delivered("t"), "these may be repeated");
    stays_online();
}
TEST_F(mqtt_5, section_2_2_2_2) {
    closes_at({incoming("30", "", "x", "7f 00"), incoming("30", "", "x", "00 00"), incoming("30", "", "x", "21 00 01"),
               "40 06 00 01 00 02 01 01"},
              "81");
    closes_before_connack_at({w.connack(false, "02 00 00 00 01")}, "81");
}
TEST_F(mqtt_5, section_3_2_2_3_3) { closes_before_connack_at({w.connack(false, "21 00 00")}, "82"); }
TEST_F(mqtt_5, section_3_2_2_3_4) {
    closes_before_connack_at({w.connack(false, "24 02"), w.connack(false, "24 ff")}, "82");
}
TEST_F(mqtt_5, section_3_2_2_3_5) {
    for (const char* id : {"25", "28", "29", "2a"}) {
        closes_before_connack_at({w.connack(false, std::string(id) + " 02")}, "82");
    }
}
TEST_F(mqtt_5, section_3_2_2_3_6) { closes_before_connack_at({w.connack(false, "27 00 00 00 00")}, "82"); }
TEST_F(mqtt_5, section_3_2_2_3_11) {
    w.go_online(false, "28 00 29 00 2a 00");
    for (const char* filter : {"a/#", "+", "$share/g/a"}) {
        refuses(errc::unsupported_by_server, subscription{.filter = filter});
    }
    refuses(errc::unsupported_by_server, subscription{.filter = "a", .properties = {.subscription_identifier = 1}});
    holds(w.subscribe("a", 0) > 0, "a plain filter may be asked for");
}

}  // namespace
}  // namespace engine_tests
