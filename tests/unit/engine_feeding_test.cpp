// However the bytes of the server are cut, the same things happen: whole, split at every byte, and byte by byte.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_feeding : public engine_test {
protected:
    /// What a server sends on one connection, from CONNACK on: every kind of packet that a client receives. The client
    /// has asked for one subscription, forgotten one, and published at qos 1 and 2; `ids` are the identifiers it used.
    std::string conversation(const std::vector<unsigned>& ids) const {
        const std::string none = w.none();
        std::string out;
        const auto add = [&out](const std::string& packet) { out += packet + " "; };
        add(w.either("90 03 " + u16(ids[0]) + " 01", "90 04 " + u16(ids[0]) + " 00 01"));
        add(packet("30", "00 01 61 " + none + "78"));
        add("40 02 " + u16(ids[2]));
        add("d0 00");
        add("50 02 " + u16(ids[3]));
        add(packet("33", "00 03 61 2f 62 00 07 " + none + hex(std::string(200, 'm'))));
        add(packet("34", "00 01 63 00 08 " + none + "79"));
        add("62 02 00 08");
        add("70 02 " + u16(ids[3]));
        add(w.either("b0 02 " + u16(ids[1]), "b0 04 " + u16(ids[1]) + " 00 11"));
        add("40 02 " + u16(ids[2]));  // repeated
        if (w.is_v5()) add(packet("30", "00 01 64 07 26 00 01 6b 00 01 76 7a"));
        add(w.either("30 03 00 01 61", "e0 02 8b 00"));
        return out;
    }

    /// Everything that was reported and sent when the conversation is cut at `places`.
    static std::string told(version v, const engine_feeding& test, const std::vector<std::size_t>& places) {
        world w(v);
        w.config.clean = false;
        w.config.clean_init = false;
        w.start();
        w.open();
        w.subscribe("f", 1);
        w.unsubscribe("g");
        w.publish("p", "1", 1);
        w.publish("p", "2", 2);
        w.flush();
        w.accept();
        std::vector<unsigned> ids;
        w.flush();
        for (const auto& p : w.log) {
            if (p.data[0] != 0x10) ids.push_back(id_of(p.data));
        }
        const auto all = unhex(test.conversation(ids));
        std::size_t from = 0;
        for (std::size_t place : places) {
            place = std::min(place, all.size());
            const auto at = all.begin() + static_cast<std::ptrdiff_t>(from);
            w.feed_bytes({at, at + static_cast<std::ptrdiff_t>(place - from)});
            from = place;
        }
        if (from < all.size()) w.feed_bytes({all.begin() + static_cast<std::ptrdiff_t>(from), all.end()});
        EXPECT_GT(all.size(), 250u);
        const std::string events = w.events();
        return events + " / " + w.sent();
    }
};

TEST_P(engine_feeding, every_cut_tells_the_same) {
    const std::string whole = told(GetParam(), *this, {});
    // All of it was understood.
    for (const char* part :
         {"done #1 ok 01", "done #2 ok", "done #3 ok", "done #4 ok", "message a 'x' qos 0", "message a/b", "retain",
          "message c 'y' qos 2", "40 02 00 07", "50 02 00 08", "70 02 00 08"}) {
        if (w.is_v5() && part[0] != 'd' && part[0] != 'm' && part[0] != 'r') continue;  // the server has left
        EXPECT_NE(whole.find(part), std::string::npos) << whole << "\nlacks " << part;
    }
    // Two pieces, cut at every byte.
    for (std::size_t place = 1; place < 330; ++place) {
        SCOPED_TRACE(place);
        const std::string again = told(GetParam(), *this, {place});
        ASSERT_EQ(again.substr(0, again.find(" / ")), whole.substr(0, whole.find(" / ")));
    }
    // Byte by byte, and in pieces of every small size.
    for (std::size_t size = 1; size <= 40; ++size) {
        SCOPED_TRACE(size);
        std::vector<std::size_t> places;
        for (std::size_t place = size; place < 400; place += size) places.push_back(place);
        const std::string again = told(GetParam(), *this, places);
        ASSERT_EQ(again.substr(0, again.find(" / ")), whole.substr(0, whole.find(" / ")));
        ASSERT_EQ(again.substr(again.find(" / ")), whole.substr(whole.find(" / ")));
    }
}

TEST_P(engine_feeding, connack_in_pieces_is_connack) {
    const auto all = unhex(w.connack(false, w.is_v5() ? "21 00 0a 1f 00 02 6f 6b" : ""));
    for (std::size_t place = 1; place < all.size(); ++place) {
        world v(GetParam());
        v.start();
        v.open();
        v.flush();
        const auto cut = all.begin() + static_cast<std::ptrdiff_t>(place);
        EXPECT_EQ(v.feed_bytes({all.begin(), cut}), taken::why::need_more);
        EXPECT_EQ(v.events(), "");
        v.feed_bytes({cut, all.end()});
        EXPECT_EQ(v.events(), "connected first | renewed");
    }
}

TEST_P(engine_feeding, one_call_takes_at_most_one_packet) {
    w.go_online();
    const auto one = unhex(packet("30", "00 01 61 " + w.none() + "78"));
    std::vector<std::uint8_t> read;
    for (int i = 0; i < 3; ++i) read.insert(read.end(), one.begin(), one.end());
    read.push_back(0x30);
    std::size_t at = 0;
    for (int i = 0; i < 3; ++i) {
        const taken t = w->on_bytes(w.now, w.current, bytes(read).subspan(at));
        EXPECT_EQ(t.reason, taken::why::packet);
        EXPECT_EQ(t.size, one.size());
        at += t.size;
        ASSERT_NE(t.received, nullptr);
        // The views lie in what was read: nothing was copied.
        EXPECT_EQ(t.received->payload.data(), read.data() + at - 1);
        w->acknowledge(w.now, t.received->id);
        EXPECT_EQ(w->poll_done(), nullptr);
        EXPECT_FALSE(w->poll_event());
    }
    const taken rest = w->on_bytes(w.now, w.current, bytes(read).subspan(at));
    EXPECT_EQ(rest.reason, taken::why::need_more);
    EXPECT_EQ(rest.size, 1u);
}

TEST_P(engine_feeding, a_packet_cut_by_the_end_of_the_connection_is_not_delivered) {
    const auto all = unhex(packet("32", "00 01 61 00 07 " + w.none() + "78 79 7a"));
    for (std::size_t place = 1; place < all.size(); ++place) {
        world v(GetParam());
        v.go_online();
        const auto cut = all.begin() + static_cast<std::ptrdiff_t>(place);
        v.feed_bytes({all.begin(), cut});
        v.lose();
        v.events();
        // The rest does not belong to the next connection.
        v.go_online();
        v.feed(packet("30", "00 01 62 " + v.none() + "21"));
        EXPECT_EQ(v.events(), "message b '!' qos 0");
    }
}

MQTT_AS_IN_BOTH_VERSIONS(engine_feeding);

}  // namespace
}  // namespace engine_tests
