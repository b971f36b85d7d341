// What a broken or hostile server sends: one clear reason, a closed connection, in 5 a DISCONNECT that says why, and
// nothing delivered. Afterwards the client comes back.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

struct breach {
    std::string bytes;
    std::string why;
    std::string reason;  // of DISCONNECT in version 5
};

class engine_violation : public engine_test {
protected:
    /// What ends an established connection in both versions.
    std::vector<breach> in_both() const {
        const std::string none = w.none();
        return {
            // fixed header
            {"00 00", "bad_packet_type", "81|82"},
            {"10 00", "bad_packet_type", "81|82"},
            {"82 00", "bad_packet_type", "81|82"},
            {"a2 00", "bad_packet_type", "81|82"},
            {"c0 00", "bad_packet_type", "81|82"},
            {"d1 00", "bad_fixed_header_flags", "81"},
            {"41 02 00 01", "bad_fixed_header_flags", "81"},
            {"60 02 00 01", "bad_fixed_header_flags", "81"},
            {"91 03 00 01 00", "bad_fixed_header_flags", "81"},
            {"30 80 80 80 80 01", "bad_remaining_length", "81"},
            // PUBLISH
            {packet("36", "00 01 61 00 01 " + none), "bad_qos", "81"},
            {packet("38", "00 01 61 " + none), "bad_qos", "81|82"},
            {packet("32", "00 01 61 00 00 " + none), "zero_packet_identifier", "81|82"},
            {packet("30", "00 00 " + none), "bad_topic_name|bad_topic_alias", "81|82|90"},
            {packet("30", "00 03 61 2f 23 " + none), "bad_topic_name", "81|82|90"},
            {packet("30", "00 01 2b " + none), "bad_topic_name", "81|82|90"},
            {packet("30", "00 01 00 " + none), "bad_string", "81"},
            {packet("30", "00 02 c3 28 " + none), "bad_string", "81"},
            {packet("30", "00 03 ed a0 80 " + none), "bad_string", "81"},
            {packet("30", "00 05 61"), "truncated_packet", "81"},
            {packet("32", "00 01 61 00"), "truncated_packet", "81"},
            // acknowledgements
            {"40 01 00", "truncated_packet", "81"},
            {"40 02 00 00", "zero_packet_identifier", "81|82"},
            {"d0 01 00", "trailing_bytes", "81"},
            // out of place
            {w.connack(false), "unexpected_packet", "82"},
        };
    }
    std::vector<breach> in_one() const {
        if (!w.is_v5()) {
            return {{"40 03 00 01 00", "trailing_bytes", ""},
                    {"b0 03 00 01 00", "trailing_bytes", ""},
                    {"e0 00", "bad_packet_type|unexpected_packet", ""},
                    {"f0 00", "bad_packet_type", ""}};
        }
        return {{"40 03 00 01 7f", "bad_reason_code", "81|82"},
                {"50 03 00 01 92", "bad_reason_code", "81|82"},
                {"62 03 00 01 80", "bad_reason_code", "81|82"},
                {"40 05 00 01 00 02 00", "truncated_packet|bad_property", "81|82"},
                {"30 08 00 01 61 04 23 00 01 78", "truncated_packet|bad_property|bad_topic_alias", "81|82|94"},
                {packet("30", "00 01 61 03 23 00 01"), "bad_topic_alias", "94"},
                {packet("30", "00 01 61 03 23 00 00"), "bad_topic_alias", "94"},
                {packet("30", "00 00 00"), "bad_topic_name|bad_topic_alias", "82"},
                {packet("30", "00 01 61 02 01 02"), "bad_property_value", "81|82"},
                {packet("30", "00 01 61 04 01 00 01 00"), "repeated_property", "82"},
                {packet("30", "00 01 61 05 11 00 00 00 01"), "bad_property", "81|82"},
                {packet("30", "00 01 61 02 0b 00"), "bad_property_value", "82"},
                {packet("30", "00 01 61 80 00"), "bad_remaining_length|bad_property|truncated_packet", "81"},
                {"e1 00", "bad_fixed_header_flags", "81"},
                {"e0 01 04", "bad_reason_code", "81|82"},
                {"f1 00", "bad_fixed_header_flags", "81"},
                {"f0 02 18 00", "unexpected_packet", "82"}};
    }
    static bool is_one_of(const std::string& word, const std::string& choices) {
        return ("|" + choices + "|").find("|" + word + "|") != std::string::npos;
    }
    /// The word after `before` in `text`.
    static std::string word_after(const std::string& text, const std::string& before) {
        const auto at = text.find(before);
        if (at == std::string::npos) return {};
        const auto from = at + before.size();
        return text.substr(from, text.find(' ', from) - from);
    }

    void tell(const breach& b, cut how) {
        SCOPED_TRACE(b.bytes + (how == cut::whole ? "" : " byte by byte"));
        world v(GetParam());
        v.go_online();
        v.feed(b.bytes, how);
        // Whatever follows is dropped.
        EXPECT_EQ(v.feed(packet("30", "00 01 62 " + v.none() + "78")), taken::why::closed);
        // 5 says why before it closes; 3.1.1 just closes [MQTT-4.8.0-1].
        const std::string out = v.sent();
        if (v.is_v5()) {
            EXPECT_EQ(out.substr(0, 6), "e0 01 ");
            if (!b.reason.empty()) {
                EXPECT_TRUE(is_one_of(out.substr(6), b.reason)) << out;
            }
        } else {
            EXPECT_EQ(out, "");
        }
        EXPECT_EQ(v.closes, 1u);
        const std::string told = v.events();
        EXPECT_EQ(told.find("disconnected protocol_violation at online why "), 0u) << told;
        EXPECT_TRUE(is_one_of(word_after(told, " why "), b.why)) << told;
        EXPECT_EQ(told.find("message"), std::string::npos) << told;
        EXPECT_FALSE(v->wants_bytes());
        // Back again.
        v.go_online();
        EXPECT_TRUE(v->is_online());
    }
};

TEST_P(engine_violation, each_kind_closes_the_connection_and_says_why) {
    for (const auto& b : in_both()) tell(b, cut::whole);
    for (const auto& b : in_one()) tell(b, cut::whole);
}

TEST_P(engine_violation, byte_by_byte_it_is_the_same) {
    for (const auto& b : in_both()) tell(b, cut::byte_by_byte);
    for (const auto& b : in_one()) tell(b, cut::byte_by_byte);
}

TEST_P(engine_violation, wrong_answers_to_a_subscription_close_the_connection) {
    // Too many codes, none, codes that do not exist [MQTT-3.8.4-5], [MQTT-3.9.3-2].
    for (const std::string codes : {"00 00", "", "03", "7f"}) {
        SCOPED_TRACE(codes);
        world v(GetParam());
        v.go_online();
        v.subscribe("a", 1);
        v.flush();
        v.feed(packet("90", u16(v.last_id()) + v.none() + codes));
        v.flush();
        EXPECT_FALSE(v->is_online());
        EXPECT_EQ(v.reports(1), 0) << "it is asked again on the next connection";
        const std::string told = v.events();
        EXPECT_EQ(told.find("disconnected protocol_violation at online why "), 0u) << told;
    }
}

TEST_P(engine_violation, anything_but_connack_first_closes_the_connection) {
    // [MQTT-3.2.0-1]
    for (const std::string& first :
         {std::string("d0 00"), packet("30", "00 01 61 " + w.none() + "78"), std::string("40 02 00 01"),
          w.either("90 03 00 01 00", "90 04 00 01 00 00"), std::string("62 02 00 01")}) {
        SCOPED_TRACE(first);
        world v(GetParam());
        v.start();
        v.open();
        v.flush();
        v.feed(first);
        v.flush();
        EXPECT_EQ(v.closes, 1u);
        const std::string told = v.events();
        EXPECT_EQ(told.find("disconnected protocol_violation at mqtt why unexpected_packet"), 0u) << told;
        EXPECT_EQ(told.find("message"), std::string::npos);
    }
}

TEST_P(engine_violation, a_broken_connack_closes_the_connection) {
    std::vector<std::string> connacks{"20 01 00", "21 02 00 00"};
    if (w.is_v5()) {
        for (const char* bad : {"20 03 02 00 00", "20 03 80 00 00", "20 03 00 01 00", "20 03 00 7f 00", "20 02 00 00",
                                "20 06 00 00 03 21 00 00",        // Receive Maximum 0
                                "20 05 00 00 02 24 02",           // Maximum QoS 2
                                "20 08 00 00 05 27 00 00 00 00",  // Maximum Packet Size 0
                                "20 05 00 00 02 25 02",           // Retain Available 2
                                "20 07 00 00 04 25 01 25 01",     // twice
                                "20 08 00 00 05 02 00 00 00 01",  // a property that CONNACK cannot carry
                                "20 07 00 00 04 15 00 01 6d"}) {  // an authentication method that nobody asked for
            connacks.push_back(bad);
        }
    } else {
        for (const char* bad : {"20 02 02 00", "20 02 00 06", "20 02 00 80", "20 03 00 00 00"}) connacks.push_back(bad);
    }
    for (const auto& connack : connacks) {
        SCOPED_TRACE(connack);
        world v(GetParam());
        v.start();
        v.open();
        v.flush();
        v.feed(connack);
        v.flush();
        EXPECT_FALSE(v->is_online());
        EXPECT_EQ(v.closes, 1u);
        const std::string told = v.events();
        EXPECT_EQ(told.find("disconnected protocol_violation at mqtt why "), 0u) << told;
    }
}

// Version 5 only: what the server may send only when it was asked for.
TEST(engine_violation_v5, information_that_nobody_asked_for_closes_the_connection) {
    // Response Information without the request for it [MQTT-3.1.2-28].
    for (const bool asked : {false, true}) {
        world w(version::v5);
        w.config.properties.request_response_information = asked;
        w.start();
        w.open();
        w.flush();
        w.accept(false, "1a 00 01 72");
        w.flush();
        EXPECT_EQ(w->is_online(), asked);
    }
    // A Reason String on an acknowledgement although problem information was declined [MQTT-3.1.2-29]; on PUBLISH,
    // CONNACK and DISCONNECT it is always allowed.
    for (const bool wanted : {false, true}) {
        world w(version::v5);
        w.config.properties.request_problem_information = wanted;
        w.go_online(false, "1f 00 01 72");
        w.feed(packet("30", "00 01 61 07 26 00 01 6b 00 01 76 78"));
        EXPECT_TRUE(w->is_online());
        w.publish("a", "x", 1);
        w.flush();
        w.feed(packet("40", u16(w.last_id()) + " 00 04 1f 00 01 72"));
        EXPECT_EQ(w->is_online(), wanted);
        EXPECT_EQ(w.report(1).substr(0, 2), wanted ? "ok" : "");
    }
}

TEST_P(engine_violation, what_came_before_it_in_the_same_read_counts) {
    w.config.clean = false;
    w.config.clean_init = false;
    w.go_online();
    w.publish("a", "x", 1);
    w.flush();
    const std::string id = u16(w.last_id());
    w.feed("40 02 " + id + packet("30", "00 01 61 " + w.none() + "78") + "00 00" +
           packet("30", "00 01 62 " + w.none()));
    const std::string told = w.events();
    EXPECT_EQ(told.find("done #1 ok | message a 'x' qos 0 | disconnected protocol_violation"), 0u) << told;
    EXPECT_EQ(told.find("message b"), std::string::npos);
}

TEST_P(engine_violation, what_was_in_flight_is_not_lost) {
    w.config.clean = false;
    w.config.clean_init = false;
    w.go_online();
    w.publish("a", "x", 1);
    w.publish("a", "y", 2);
    w.flush();
    w.feed("00 00");
    w.flush();
    polite_broker broker(w);
    broker.session_present = true;
    w.await_attempt();
    broker.run();
    EXPECT_EQ(w.report(1), "ok");
    EXPECT_EQ(w.report(2), "ok");
}

TEST_P(engine_violation, a_goodbye_that_cannot_be_sent_does_not_delay_the_close) {
    // The transport takes nothing; DISCONNECT is a courtesy.
    w.go_online();
    w.publish("a", "x", 1);
    w.offer();
    w.transport_takes = false;
    w.feed("00 00");
    w.advance(2s);
    EXPECT_EQ(w.closes, 1u);
}

TEST_P(engine_violation, a_server_that_breaks_the_protocol_each_time_is_met_at_back_off_pace) {
    w.start();
    for (int i = 0; i < 20; ++i) {
        w.await_attempt();
        w.open();
        w.flush();
        w.accept();
        w.feed("00 00");
        w.flush();
    }
    EXPECT_EQ(w.waits.size(), 20u);
    for (const auto& wait : w.waits) EXPECT_GT(wait.for_duration, 0ms);
}

MQTT_AS_IN_BOTH_VERSIONS(engine_violation);

}  // namespace
}  // namespace engine_tests
