// The simulated broker's parser and writer against bytes of Mosquitto and of the specification.
#include "tests/sim/packet.hpp"

#include "tests/sim/captured_bytes.hpp"

#include <gtest/gtest.h>
#include <initializer_list>
#include <string_view>

namespace mqtt_as::sim {
namespace {

byte_string from_hex(std::string_view hex) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    byte_string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        out.push_back(static_cast<std::uint8_t>(digit(hex[i]) * 16 + digit(hex[i + 1])));
    return out;
}

std::vector<packet> read_all(bytes in, std::uint8_t level, sender from) {
    std::vector<packet> packets;
    while (!in.empty()) {
        const reading r = read_packet(in, level, from);
        EXPECT_EQ(r.fault, "");
        if (!r.whole) break;
        packets.push_back(*r.whole);
        in = in.subspan(r.size);
    }
    EXPECT_TRUE(in.empty()) << in.size() << " bytes are not a whole packet";
    return packets;
}

std::vector<kind> kinds_of(const std::vector<packet>& packets) {
    std::vector<kind> kinds;
    for (const packet& p : packets) kinds.push_back(p.type);
    return kinds;
}

std::vector<packet> client_side(const captured::capture& c) {
    return read_all(from_hex(c.from_client), c.level, sender::client);
}
std::vector<packet> server_side(const captured::capture& c) {
    return read_all(from_hex(c.from_server), c.level, sender::server);
}

std::string fault_of(std::initializer_list<std::uint8_t> in, std::uint8_t level, sender from = sender::client) {
    const byte_string b(in);
    const reading r = read_packet(b, level, from);
    EXPECT_FALSE(r.whole);
    return r.fault;
}

TEST(packet, every_captured_packet_is_read_and_written_back_to_the_same_bytes) {
    for (const auto& c : captured::all) {
        SCOPED_TRACE(c.options);
        byte_string client;
        for (const packet& p : client_side(c)) {
            const byte_string b = write_packet(p, c.level);
            client.insert(client.end(), b.begin(), b.end());
        }
        EXPECT_EQ(client, from_hex(c.from_client));
        byte_string server;
        for (const packet& p : server_side(c)) {
            const byte_string b = write_packet(p, c.level);
            server.insert(server.end(), b.begin(), b.end());
        }
        EXPECT_EQ(server, from_hex(c.from_server));
    }
}

TEST(packet, a_captured_stream_cut_anywhere_only_asks_for_more) {
    for (const auto& c : captured::all) {
        const byte_string whole = from_hex(c.from_client);
        const std::size_t first = read_packet(whole, c.level, sender::client).size;
        for (std::size_t n = 0; n < first; ++n) {
            const reading r = read_packet(bytes(whole).first(n), c.level, sender::client);
            EXPECT_EQ(r.fault, "");
            EXPECT_FALSE(r.whole);
        }
    }
}

TEST(packet, mosquitto_pub_speaks_its_three_flows) {
    using enum kind;
    for (const auto* c : {&captured::pub_v3_q0, &captured::pub_v5_q0})
        EXPECT_EQ(kinds_of(client_side(*c)), (std::vector{connect, publish, disconnect}));
    for (const auto* c : {&captured::pub_v3_q1, &captured::pub_v5_q1})
        EXPECT_EQ(kinds_of(server_side(*c)), (std::vector{connack, puback}));
    for (const auto* c : {&captured::pub_v3_q2, &captured::pub_v5_q2}) {
        EXPECT_EQ(kinds_of(client_side(*c)), (std::vector{connect, publish, pubrel, disconnect}));
        EXPECT_EQ(kinds_of(server_side(*c)), (std::vector{connack, pubrec, pubcomp}));
        const packet p = client_side(*c)[1];
        EXPECT_EQ(p.topic, "a/b");
        EXPECT_EQ(p.payload, (byte_string{'h', 'e', 'l', 'l', 'o'}));
        EXPECT_EQ(p.qos, 2);
        EXPECT_EQ(p.id, 1);
        EXPECT_FALSE(p.dup);
    }
}

TEST(packet, mosquitto_connects_with_a_will_user_and_password) {
    for (const auto* c : {&captured::pub_v3_will, &captured::pub_v5_will}) {
        const packet p = client_side(*c)[0];
        EXPECT_EQ(p.level, c->level);
        EXPECT_TRUE(p.clean);
        EXPECT_EQ(p.keep_alive, 30);
        EXPECT_EQ(p.client_id, "w");
        EXPECT_EQ(p.user, "user");
        EXPECT_EQ(p.password, "pass");
        ASSERT_TRUE(p.will);
        EXPECT_EQ(p.will->topic, "wt");
        EXPECT_EQ(p.will->payload, (byte_string{'g', 'o', 'n', 'e'}));
        EXPECT_EQ(p.will->qos, 2);
        EXPECT_TRUE(p.will->retain);
    }
    const packet five = client_side(captured::pub_v5_will)[0];
    EXPECT_EQ(five.properties, (props{{.id = 0x11, .number = 300}, {.id = 0x21, .number = 7}}));
    EXPECT_EQ(five.will->properties, (props{{.id = 0x18, .number = 5}}));
}

TEST(packet, mosquitto_publishes_with_properties) {
    const packet p = client_side(captured::pub_v5_will)[1];
    EXPECT_TRUE(p.retain);
    EXPECT_EQ(find(p.properties, 0x01)->number, 1u);
    EXPECT_EQ(find(p.properties, 0x02)->number, 60u);
    EXPECT_EQ(find(p.properties, 0x03)->data, "text");
    EXPECT_EQ(find(p.properties, 0x08)->data, "r");
    EXPECT_EQ(find(p.properties, 0x09)->data, "cd");
    EXPECT_EQ(find(p.properties, 0x26)->name, "k");
    EXPECT_EQ(find(p.properties, 0x26)->data, "v");
}

TEST(packet, mosquitto_sub_subscribes_unsubscribes_and_acknowledges) {
    using enum kind;
    for (const auto* c : {&captured::sub_v3, &captured::sub_v5}) {
        const auto sent = client_side(*c);
        EXPECT_EQ(kinds_of(sent),
                  (std::vector{connect, subscribe, unsubscribe, puback, pubrec, pubcomp, puback, disconnect}));
        EXPECT_EQ(sent[1].filters, (std::vector<requested_filter>{{"x/#", 2}, {"y/+", 2}}));
        EXPECT_EQ(sent[2].filters, (std::vector<requested_filter>{{"z", 0}}));
        const auto received = server_side(*c);
        EXPECT_EQ(received[1].codes, (byte_string{2, 2}));
    }
}

TEST(packet, each_mistake_of_a_client_has_its_sentence) {
    EXPECT_NE(fault_of({0x36, 0x05, 0, 1, 'a', 0, 1}, 4).find("qos 3"), std::string::npos);
    EXPECT_NE(fault_of({0x38, 0x03, 0, 1, 'a'}, 4).find("DUP with qos 0"), std::string::npos);
    EXPECT_NE(fault_of({0x32, 0x05, 0, 1, 'a', 0, 0}, 4).find("packet identifier 0"), std::string::npos);
    EXPECT_NE(fault_of({0x30, 0x03, 0, 1, '#'}, 4).find("wildcard"), std::string::npos);
    EXPECT_NE(fault_of({0x30, 0x02, 0, 0}, 4).find("empty topic"), std::string::npos);
    EXPECT_NE(fault_of({0x30, 0x03, 0, 1, 0xFF}, 4).find("UTF-8"), std::string::npos);
    EXPECT_NE(fault_of({0x30, 0x03, 0, 2, 'a'}, 4).find("past the end"), std::string::npos);
    EXPECT_NE(fault_of({0x60, 0x02, 0, 1}, 4).find("flags"), std::string::npos);
    EXPECT_NE(fault_of({0x20, 0x02, 0, 0}, 4).find("never sends"), std::string::npos);
    EXPECT_NE(fault_of({0x82, 0x06, 0, 1, 0, 1, 'a', 3}, 4).find("option bits"), std::string::npos);
    EXPECT_NE(fault_of({0x82, 0x06, 0, 1, 0, 1, 'a', 4}, 4).find("option bits"), std::string::npos);
    EXPECT_NE(fault_of({0x82, 0x02, 0, 1}, 4).find("no topic filter"), std::string::npos);
    EXPECT_NE(fault_of({0xA2, 0x06, 0, 1, 0, 2, 'a', '#'}, 4).find("4.7"), std::string::npos);
    EXPECT_NE(fault_of({0xC0, 0x01, 0}, 4).find("left over"), std::string::npos);
    EXPECT_NE(fault_of({0xC0, 0x80, 0x00}, 4).find("fewest"), std::string::npos);
    EXPECT_NE(fault_of({0xC0, 0xFF, 0xFF, 0xFF, 0xFF}, 4).find("more than four"), std::string::npos);
    EXPECT_NE(fault_of({0xF0, 0x00}, 4).find("MQTT 5 only"), std::string::npos);
    EXPECT_NE(fault_of({0x40, 0x03, 0, 1, 0x01}, 5).find("reason code"), std::string::npos);
    EXPECT_NE(fault_of({0x32, 0x0A, 0, 1, 'a', 0, 1, 4, 0x01, 1, 0x01, 1}, 5).find("twice"), std::string::npos);
    EXPECT_NE(fault_of({0x30, 0x09, 0, 1, 'a', 5, 0x11, 0, 0, 0, 1}, 5).find("cannot have"), std::string::npos);
    EXPECT_NE(fault_of({0x30, 0x06, 0, 1, 'a', 2, 0x01, 2}, 5).find("0 or 1"), std::string::npos);
}

TEST(packet, filters_match_as_section_4_7_says) {
    EXPECT_TRUE(filter_matches("sport/tennis/player1/#", "sport/tennis/player1"));
    EXPECT_TRUE(filter_matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"));
    EXPECT_TRUE(filter_matches("#", "sport"));
    EXPECT_TRUE(filter_matches("sport/tennis/+", "sport/tennis/player1"));
    EXPECT_FALSE(filter_matches("sport/tennis/+", "sport/tennis/player1/ranking"));
    EXPECT_FALSE(filter_matches("sport/+", "sport"));
    EXPECT_TRUE(filter_matches("sport/+", "sport/"));
    EXPECT_TRUE(filter_matches("+/+", "/finance"));
    EXPECT_TRUE(filter_matches("/+", "/finance"));
    EXPECT_FALSE(filter_matches("+", "/finance"));
    EXPECT_FALSE(filter_matches("a/b", "a/bc"));
    EXPECT_TRUE(is_filter("a/+/#"));
    EXPECT_FALSE(is_filter("a#"));
    EXPECT_FALSE(is_filter("#/a"));
    EXPECT_FALSE(is_filter("a+/b"));
    EXPECT_FALSE(is_filter(""));
}

}  // namespace
}  // namespace mqtt_as::sim
