// What both versions ask for alike.
#include "tests/conformance/both.hpp"

#include <set>

namespace engine_tests {

// ---- strings --------------------------------------------------------------------------------------

void both_versions::takes_no_text_like(std::string_view bad) {
    w.go_online();
    refuses(errc::bad_topic, publish_request{.topic = bad});
    refuses(errc::bad_filter, subscription{.filter = bad});
    refuses_unsubscribe(errc::bad_filter, {.filter = bad});
    refuses_config(errc::bad_client_id, [bad](auto& c) { c.client_id = bad; });
    refuses_config(errc::bad_credentials, [bad](auto& c) { c.user = bad; });
    refuses_config(errc::bad_will, [bad](auto& c) { c.will = engine_will{.topic = bad}; });
    closes_at({packet("30", u16(static_cast<unsigned>(bad.size())) + hex(bad) + w.none())}, "81");
}

void both_versions::keeps_a_byte_order_mark() {
    w.go_online();
    delivers(packet("30", "00 04 ef bb bf 68 " + w.none() + "78"), "message \xEF\xBB\xBFh 'x' qos 0");
}

// ---- the fixed header -----------------------------------------------------------------------------

void both_versions::sends_only_the_flags_that_are_listed() {
    w.go_online();
    polite_broker broker(w);
    for (const std::uint8_t qos : every_qos) w.publish("t", "x", qos);
    w.subscribe("a", 1);
    w.unsubscribe("b");
    broker.run();
    w.feed(incoming("32", "00 01") + incoming("34", "00 02") + "62 02 00 02");
    w->ping(w.now);
    broker.run();
    w.stop(0ms);
    w.flush();
    std::set<int> types;
    for (const auto& packet : w.log) {
        const auto& sent = packet.data;
        const int type = sent[0] >> 4;
        types.insert(type);
        const int flags = type == 6 || type == 8 || type == 10 ? 2 : 0;
        if (type != 3) holds((sent[0] & 0x0F) == flags, "flags of " + hex(sent));
    }
    holds(types == std::set{1, 3, 4, 5, 6, 7, 8, 10, 12, 14}, "every packet that a client can send was sent");
}

void both_versions::closes_at_any_other_flags() {
    for (const unsigned type : {2u, 4u, 5u, 6u, 7u, 9u, 11u, 13u}) {
        const unsigned good = type == 6 ? 2 : 0;
        for (unsigned flags = 0; flags < 16; ++flags) {
            const std::string first = hex({{static_cast<std::uint8_t>(type << 4 | flags)}});
            if (flags != good) closes_at({type == 13 ? first + " 00" : first + " 02 00 01"}, "81");
        }
    }
}

// ---- packet identifiers ---------------------------------------------------------------------------

void both_versions::never_takes_an_identifier_in_use() {
    w.bounds.operations_max = 80'000;
    w.checks = false;
    w.go_online();
    for (int i = 0; i < 70'000; ++i) w.publish("t", "", 1);
    std::set<unsigned> used;
    for (const std::string& each : w.sent_packets()) {
        const unsigned id = id_of(each);
        holds(id != 0 && used.insert(id).second, "an identifier that was free");
    }
    holds(used.size() == 65'535 - 127, "all but those of qos 2 are in use, and the others wait");
    w.feed("40 02 12 34");
    sends(packet("32", "00 01 74 12 34 " + w.none()));
}

void both_versions::keeps_an_identifier_until_the_last_acknowledgement() {
    keep_session();
    w.go_online();
    const std::string one = publish(1);
    const std::string two = publish(2);
    holds(reconnect(true) == incoming("3a", one) + " | " + incoming("3c", two), "both have their identifiers again");
    w.feed("40 02 " + one + "50 02 " + two);
    sends("62 02 " + two);
    // Once around those of its kind: the identifier waits for its PUBCOMP.
    bool taken = false;
    for (int i = 0; i < 200; ++i) {
        const std::string id = publish(2);
        taken = taken || id == two;
        w.feed("50 02 " + id);
        sends("62 02 " + id);
        w.feed("70 02 " + id);
    }
    holds(!taken, "no identifier is taken before its PUBCOMP");
    const std::string filter = subscribe("f");
    holds(publish(1) != filter, "nor before its SUBACK");
}

void both_versions::acknowledges_with_the_same_identifier() {
    w.go_online();
    for (const std::string id : {"00 01", "00 ff", "01 00", "ff ff"}) {
        w.feed(incoming("32", id));
        sends("40 02 " + id);
        w.feed(incoming("34", id));
        sends("50 02 " + id);
        w.feed("62 02 " + id);
        sends("70 02 " + id);
    }
    const std::string ours = publish(2);
    w.feed("50 02 " + ours);
    sends("62 02 " + ours);
}

void both_versions::ignores_answers_with_another_identifier() {
    w.go_online();
    const std::string first = subscribe("a");
    const std::string second = unsubscribe("b");
    w.feed(answer("90", second, "00") + answer("b0", first, w.either("", "00")) + answer("90", "7f ff", "00"));
    reports(1, "");
    reports(2, "");
    stays_online();
    w.feed(answer("90", first, "00") + answer("b0", second, w.either("", "00")));
    reports(1, "ok");
    reports(2, "ok");
}

// ---- CONNECT, CONNACK -----------------------------------------------------------------------------

void both_versions::sends_connect_first() {
    w.start();
    w.publish("t", "x", 0);
    w.subscribe("f", 0);
    sends("");
    w.open();
    sends(w.either("10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 63", "10 0e 00 04 4d 51 54 54 05 02 00 3c 00 00 01 63"));
    w.advance(5s);
    sends("");
    // A server that speaks before it has heard CONNECT: not even DISCONNECT comes first.
    for (const std::string& early : {w.connack(false), std::string("00 00")}) {
        world client(w.is_v5() ? version::v5 : version::v3_1_1);
        client.start();
        client.open();
        client.feed(early);
        sends(client, "");
        holds(client.closes == 1 && !client->is_online(), early);
    }
}

void both_versions::sends_connect_once() {
    w.go_online();
    const epoch first = w.current;
    holds(w->start(w.now, true) == errc::already_started, "it is connected already");
    w->on_link(w.now, true);
    w->on_opened(w.now, w.current);
    for (const auto& each : w.sent_packets()) holds(each == "c0 00", "no second CONNECT");
    reconnect(false);
    holds(w.current != first, "each CONNECT has a connection of its own");
}

void both_versions::sets_no_reserved_connect_flag() {
    w.config.user = "u";
    w.config.password = "p";
    for (const bool clean : {true, false}) {
        w.config.clean = clean;
        for (const std::uint8_t qos : every_qos) {
            w.config.will = engine_will{.topic = "w", .qos = qos, .retain = clean};
            holds((byte_of(connect(), 9) & 1) == 0, "bit 0 of the connect flags");
        }
    }
}

void both_versions::continues_the_session() {
    keep_session();
    w.go_online();
    w.feed(incoming("34", "00 07"));
    const std::string one = publish(1);
    const std::string two = publish(2);
    w.feed("50 02 " + two);
    w.flush();
    holds(reconnect(true) == "62 02 " + two + " | " + incoming("3a", one), "what was sent and not acknowledged");
    // The server's qos 2 message is still known.
    w.feed(incoming("3c", "00 07"));
    tells("");
    sends("50 02 00 07");
    w.feed("40 02 " + one + "70 02 " + two);
    reports(1, "ok");
    reports(2, "ok");
}

void both_versions::forgets_the_session() {
    w.go_online();
    w.feed(incoming("34", "00 07"));
    const std::string two = publish(2);
    w.feed("50 02 " + two);
    w.flush();
    // The message is still wanted: it goes out as a new one, and nothing else does.
    const std::string out = reconnect(false);
    holds(out == incoming("34", u16(id_of(out))), "no PUBREL of the old flow, no DUP");
    w.feed(incoming("34", "00 07", "y"));
    tells("message t 'y' qos 2");
}

void both_versions::pings_within(duration keep_alive) {
    time_point last = w.now;
    for (int i = 0; i < 200; ++i) {  // 20 s in which only the server sends
        w.advance(100ms);
        w.feed(incoming("30") + "d0 00");
        for (const auto& each : w.sent_packets()) {
            holds(each == "c0 00" && w.now - last <= keep_alive, "PINGREQ in time");
            last = w.now;
        }
    }
    holds(w.now - last <= keep_alive, "to the end");
}

void both_versions::closes_at_anything_before_connack() {
    closes_before_connack_at({incoming("30"), incoming("32", "00 01"), "40 02 00 01", "50 02 00 01", "62 02 00 01",
                              "70 02 00 01", answer("90", "00 01", "00"), answer("b0", "00 01", w.either("", "00")),
                              "d0 00"},
                             "82");
}

// ---- PUBLISH --------------------------------------------------------------------------------------

void both_versions::sets_dup_on_a_resend() {
    keep_session();
    w.go_online();
    const std::string id = publish(1);
    holds(reconnect(true) == incoming("3a", id), "again, with DUP");
    holds(reconnect(true) == incoming("3a", id), "and again");
}

void both_versions::sets_no_dup_at_qos_0() {
    keep_session();
    w.go_online();
    // The connection ends when three bytes are sent: it goes out once more, not as a repetition.
    w.publish("t", "x", 0);
    w.offer();
    w.take(3);
    holds(reconnect(true) == incoming("30"), "without DUP");
    closes_at({incoming("38")}, "81");
}

void both_versions::reads_the_topic_first() {
    w.go_online();
    delivers(packet("30", "00 03 61 2f 62 " + w.none() + "00 01 63"), std::string("message a/b '\0\1c' qos 0", 23));
    // Cut within the length of the topic, within the topic.
    closes_at({"30 00", "30 01 00", "30 03 00 02 61", "30 04 00 05 61 62"}, "81");
}

void both_versions::takes_no_wildcard_in_a_topic() {
    w.go_online();
    for (const char* topic : {"a/+/b", "#", "+", "a/#"}) {
        refuses(errc::bad_topic, publish_request{.topic = topic});
        refuses_config(errc::bad_will, [topic](auto& c) { c.will = engine_will{.topic = topic}; });
    }
    closes_at({packet("30", "00 03 61 2f 23 " + w.none()), packet("30", "00 01 2b " + w.none())}, "82");
}

void both_versions::answers_by_qos() {
    w.go_online();
    w.feed(incoming("30"));
    sends("");
    w.feed(incoming("32", "00 01"));
    sends("40 02 00 01");
    w.feed(incoming("34", "00 02"));
    sends("50 02 00 02");
}

// ---- SUBSCRIBE, UNSUBSCRIBE -----------------------------------------------------------------------

void both_versions::refuses_to_ask_for_no_filter() {
    // Each request has exactly one filter, and that one is not empty.
    w.go_online();
    refuses(errc::bad_filter, subscription{});
    refuses_unsubscribe(errc::bad_filter, {});
}

void both_versions::closes_at_answers(std::string_view first, std::initializer_list<const char*> codes) {
    for (const char* each : codes) {
        SCOPED_TRACE(each);
        world client(w.is_v5() ? version::v5 : version::v3_1_1);
        client.go_online();
        const int operation = first == "90" ? client.subscribe("a", 0) : client.unsubscribe("a");
        client.forget_sent();
        client.feed(answer(first, u16(client.last_id()), each));
        is_closed(client, "82");
        holds(client.reports(operation) == 0, "it is asked again on the next connection");
    }
}

// ---- DISCONNECT -----------------------------------------------------------------------------------

void both_versions::sends_nothing_after_disconnect() {
    w.answers_close = false;  // the server keeps its side open
    w.go_online();
    publish(1);
    w.publish("t", "waits", 0);
    w.offer();
    w.publish("t", "waits too", 1);
    w.stop(0ms);
    const auto packets = w.sent_packets();
    holds(packets.back() == "e0 00", "DISCONNECT is the last packet");
    w.publish("t", "late", 0);
    w->ping(w.now);
    w.advance(60s);
    sends("");
}

void both_versions::closes_after_disconnect() {
    w.answers_close = false;
    w.go_online();
    w.stop(0ms);
    sends("e0 00");
    holds(w.closes == 1, "closed, although the server keeps its side open");
}

// ---- delivery -------------------------------------------------------------------------------------

void both_versions::never_repeats_qos_0() {
    keep_session();
    w.go_online();
    w.publish("t", "x", 0);
    sends(incoming("30"));
    holds(reconnect(true).empty(), "sent once");
}

void both_versions::takes_the_same_qos_1_identifier_as_new() {
    w.go_online();
    w.feed(incoming("32", "00 07") + incoming("3a", "00 07") + incoming("32", "00 07", "y"));
    tells("message t 'x' qos 1 | message t 'x' qos 1 dup | message t 'y' qos 1");
    sends("40 02 00 07 | 40 02 00 07 | 40 02 00 07");
}

void both_versions::receives_qos_2_once() {
    w.go_online();
    w.feed(incoming("34", "00 07") + incoming("3c", "00 07") + incoming("34", "00 07"));
    tells("message t 'x' qos 2");
    sends("50 02 00 07 | 50 02 00 07 | 50 02 00 07");
    w.feed("62 02 00 07");
    sends("70 02 00 07");
    w.feed(incoming("34", "00 07", "y"));
    tells("message t 'y' qos 2");
}

void both_versions::never_publishes_after_pubrel() {
    keep_session();
    w.go_online();
    const std::string id = publish(2);
    w.feed("50 02 " + id);
    sends("62 02 " + id);
    w.feed("50 02 " + id);  // a late repetition
    holds(w.sent().substr(0, 2) != "34", "no PUBLISH");
    for (int i = 0; i < 3; ++i) holds(reconnect(true) == "62 02 " + id, "PUBREL alone");
    w.feed("70 02 " + id);
    reports(1, "ok");
}

void both_versions::resends_publish_and_pubrel() {
    // A connection lost at each step; with the session, the flow goes on from there with its identifier.
    for (const std::uint8_t qos : every_qos) {
        for (const step at : steps_of(qos)) {
            if (at < step::sent || at == step::finished) continue;
            SCOPED_TRACE("qos " + std::to_string(qos) + " " + name(at));
            world client(w.is_v5() ? version::v5 : version::v3_1_1);
            publish_up_to(client, qos, at, {.payload = as_bytes("x")});
            const std::string id = u16(client.last_id());
            client.lose();
            client.await_attempt();
            client.open();
            client.forget_sent();
            client.accept(true);
            sends(client, at >= step::answered ? "62 02 " + id : incoming(qos == 1 ? "3a" : "3c", id));
        }
    }
}

void both_versions::acknowledges_what_nobody_subscribed_to() {
    w.go_online();
    w.feed(incoming("32", "00 01") + incoming("34", "00 02"));
    sends("40 02 00 01 | 50 02 00 02");
}

void both_versions::resends_in_order() {
    keep_session();
    w.go_online();
    const std::string one = publish(1);
    const std::string two = publish(2);
    const std::string three = publish(1);
    holds(reconnect(true) == incoming("3a", one) + " | " + incoming("3c", two) + " | " + incoming("3a", three),
          "in the order of the first time");
}

void both_versions::acknowledges_in_order(std::string_view publish, std::string_view acknowledgement) {
    w.consume = false;
    w.go_online();
    w.feed(incoming(publish, "00 03") + incoming(publish, "00 01") + incoming(publish, "00 02"));
    const std::string start = std::string(acknowledgement) + " 02 ";
    w.acknowledge(w.inbox[2]);
    w.acknowledge(w.inbox[1]);
    sends("");
    w.acknowledge(w.inbox[0]);
    sends(start + "00 03 | " + start + "00 01 | " + start + "00 02");
}

void both_versions::releases_in_the_order_of_pubrec() {
    w.go_online();
    const std::string one = publish(2);
    const std::string two = publish(2);
    const std::string three = publish(2);
    w.feed("50 02 " + three + "50 02 " + one + "50 02 " + two);
    sends("62 02 " + three + " | 62 02 " + one + " | 62 02 " + two);
}

// ---- topics ---------------------------------------------------------------------------------------

void both_versions::takes_a_multi_level_wildcard_only_at_the_end() {
    w.go_online();
    for (const char* bad : {"a#", "#/a", "a/#/b", "##"}) refuses(errc::bad_filter, subscription{.filter = bad});
    for (const char* good : {"#", "a/#", "/#"}) holds(w.subscribe(good, 0) > 0, good);
}

void both_versions::takes_a_single_level_wildcard_only_for_a_whole_level() {
    w.go_online();
    for (const char* bad : {"a+", "a/+b", "+a/b", "++"}) refuses(errc::bad_filter, subscription{.filter = bad});
    for (const char* good : {"+", "+/a/#", "a/+", "/+/"}) holds(w.subscribe(good, 0) > 0, good);
}

void both_versions::takes_no_empty_topic() {
    w.go_online();
    refuses(errc::bad_topic, publish_request{});
    refuses(errc::bad_filter, subscription{});
    refuses_unsubscribe(errc::bad_filter, {});
    closes_at({packet("30", "00 00 " + w.none())}, "82");
}

void both_versions::takes_65535_bytes_and_no_more() {
    const std::string longest(65'535, 'l');
    const std::string too_long(65'536, 'l');
    w.go_online();
    holds(w.publish(longest, "", 0) > 0, "65,535 bytes are a topic");
    holds(w.subscribe(longest, 0) > 0, "and a filter");
    w.forget_sent();
    refuses(errc::bad_topic, publish_request{.topic = too_long});
    refuses(errc::bad_filter, subscription{.filter = too_long});
    refuses_unsubscribe(errc::bad_filter, {.filter = too_long});
}

}  // namespace engine_tests
