// What both versions ask for alike. Each function is the test of one statement, in the version of the client it is
// called on; where the two differ, the function says so.
#pragma once

#include "tests/conformance/client.hpp"

namespace engine_tests {

class both_versions : public conformance {
protected:
    using conformance::conformance;

    // ---- strings ----
    /// Refused where the application gives it; closes the connection where the server sends it.
    void takes_no_text_like(std::string_view bad);
    void keeps_a_byte_order_mark();

    // ---- the fixed header ----
    void sends_only_the_flags_that_are_listed();
    void closes_at_any_other_flags();

    // ---- packet identifiers ----
    void never_takes_an_identifier_in_use();
    void keeps_an_identifier_until_the_last_acknowledgement();
    void acknowledges_with_the_same_identifier();
    void ignores_answers_with_another_identifier();

    // ---- CONNECT, CONNACK ----
    void sends_connect_first();
    void sends_connect_once();
    void sets_no_reserved_connect_flag();
    void continues_the_session();
    void forgets_the_session();
    /// Nothing is sent but PINGREQ, so often that no gap is longer.
    void pings_within(duration keep_alive);
    void closes_at_anything_before_connack();

    // ---- PUBLISH ----
    void sets_dup_on_a_resend();
    void sets_no_dup_at_qos_0();
    void reads_the_topic_first();
    void takes_no_wildcard_in_a_topic();
    void answers_by_qos();

    // ---- SUBSCRIBE, UNSUBSCRIBE ----
    void refuses_to_ask_for_no_filter();

    /// Each of these answers to SUBSCRIBE (90) or UNSUBSCRIBE (b0) closes the connection and answers nothing.
    void closes_at_answers(std::string_view first, std::initializer_list<const char*> codes);

    // ---- DISCONNECT ----
    void sends_nothing_after_disconnect();
    void closes_after_disconnect();

    // ---- delivery ----
    void never_repeats_qos_0();
    void takes_the_same_qos_1_identifier_as_new();
    void receives_qos_2_once();
    void never_publishes_after_pubrel();
    void resends_publish_and_pubrel();
    void acknowledges_what_nobody_subscribed_to();
    void resends_in_order();
    void acknowledges_in_order(std::string_view publish, std::string_view acknowledgement);
    void releases_in_the_order_of_pubrec();

    // ---- topics ----
    void takes_a_multi_level_wildcard_only_at_the_end();
    void takes_a_single_level_wildcard_only_for_a_whole_level();
    void takes_no_empty_topic();
    void takes_65535_bytes_and_no_more();
};

class mqtt_3_1_1 : public both_versions {
protected:
    mqtt_3_1_1() : both_versions(version::v3_1_1) {}
};

class mqtt_5 : public both_versions {
protected:
    mqtt_5() : both_versions(version::v5) {}

    /// To a server that takes packets of 4 bytes, the answer has no more.
    void acknowledges_within_4_bytes(std::string_view received, std::string_view expected) {
        w.go_online(false, "27 00 00 00 04");
        w.feed(received);
        sends(expected);
    }
};

}  // namespace engine_tests
