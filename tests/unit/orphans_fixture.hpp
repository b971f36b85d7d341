// A session that somebody else has used, for the engines of hosts and of boards: what both do is said once.
#pragma once

#include "tests/unit/engine_fixture.hpp"

namespace engine_tests {

class orphans_test : public engine_test {
protected:
    /// `ids`: how many identifiers a message of qos 2 can have.
    explicit orphans_test(unsigned ids) : qos2_ids(ids) { w.config.clean_init = w.config.clean = false; }

    const unsigned qos2_ids;
    static constexpr const char* pingresp = "d0 00";

    /// PUBREL of every identifier that qos 2 can have, and PINGREQ.
    std::string releases() const {
        std::string all;
        for (unsigned id = 1; id <= qos2_ids; ++id) all += "62 02 " + u16(id) + " | ";
        return all + "c0 00";
    }

    void are_nobodys_in_our_own_session() {
        w.go_online(false);
        w.lose();
        w.go_online(true);
        w.publish("a", "", 2);
        EXPECT_EQ(w.sent_kinds(), "34 ");
    }
    /// Outages before anything of qos 2 mean nothing.
    void are_released_four_times_behind(int outages) {
        w.go_online(true);
        for (int i = 0; i < outages; ++i) {
            w.lose();
            w.go_online(true);
        }
        w.publish("a", "", 2);
        for (int attempt = 1; attempt <= 4; ++attempt) {
            EXPECT_EQ(w.sent(), releases()) << attempt;
            w.lose();
            w.go_online(true);
        }
        // A server that always ends the connection over it gets what it can understand.
        EXPECT_EQ(w.sent_kinds(), "34 ");
    }
    void wait_for_a_ping() {
        w.go_online(true);
        EXPECT_TRUE(w->ping(w.now));
        EXPECT_EQ(w.sent_kinds(), "c0 ");
        w.publish("a", "", 2);
        EXPECT_EQ(w.sent_kinds(), "");
        w.feed(pingresp);
        EXPECT_EQ(w.sent(), releases());
    }
    /// What our own session holds of it is released before the next one, and not while another one is under way.
    void are_left_by_a_message_that_is_given_up() {
        w.go_online(false);
        const int given_up = w.publish("a", "", 2);
        const int other = w.publish("a", "", 2);
        w.forget_sent();
        w.cancel(given_up);
        w.lose();
        w.reconnect(true);
        EXPECT_EQ(w.sent_kinds(), "10 3c 3c ");
        w.lose();
        w.reconnect(true);
        const auto packets = w.sent_packets();
        ASSERT_EQ(packets.size(), 2u);
        EXPECT_EQ(packets[1].substr(0, 2), "3c");
        const std::string id = u16(id_of(packets[1]));
        w.publish("a", "", 2);
        EXPECT_EQ(w.sent(), "");
        w.feed("50 02 " + id);
        EXPECT_EQ(w.sent(), "62 02 " + id);
        w.feed("70 02 " + id);
        EXPECT_EQ(w.report(other), "ok");
        EXPECT_EQ(w.sent(), releases());
        w.feed(pingresp);
        EXPECT_EQ(w.sent_kinds(), "34 ");
    }
    /// So many messages are more than there are identifiers for.
    void take_turns_with(unsigned messages) {
        for (unsigned i = 0; i < messages; ++i) w.publish("a", "", 2);
        const auto packets = w.sent_packets();
        ASSERT_EQ(packets.size(), qos2_ids);  // the others wait for an identifier
        for (const auto& packet : packets) EXPECT_LE(id_of(packet), qos2_ids) << packet;
        w.feed("50 02 " + u16(id_of(packets[4])));
        EXPECT_EQ(w.sent_kinds(), "62 ");
        w.feed("70 02 " + u16(id_of(packets[4])));
        const auto more = w.sent_packets();
        ASSERT_EQ(more.size(), 1u);
        EXPECT_EQ(id_of(more[0]), id_of(packets[4]));
    }
};

}  // namespace engine_tests
