// Packets in words: everything a maintainer asks for, nothing that is nobody's business, whatever the bytes are.
#include "mqtt_as/packet_trace.hpp"

#include "tests/unit/wire_bytes.hpp"

#include <random>
#include <string>
#include <vector>

namespace mqtt_as::wire {
namespace {

constexpr auto v311 = protocol_version::v3_1_1;
constexpr auto v5_ = protocol_version::v5;

std::vector<std::string> lines_of(protocol_version version, bytes in, std::size_t step) {
    packet_trace trace(version);
    std::vector<std::string> lines;
    while (!in.empty()) {
        bytes part = in.first(std::min(step, in.size()));
        in = in.subspan(part.size());
        while (!part.empty()) {
            if (const auto line = trace.read(part); !line.empty()) lines.emplace_back(line);
        }
    }
    if (const auto rest = trace.unfinished(); !rest.empty()) lines.push_back("unfinished " + std::string(rest));
    return lines;
}

using list = std::vector<std::string>;

/// Whole, in two pieces and byte by byte: the same.
void expect_lines(protocol_version version, const std::string& packets, const list& wanted) {
    const byte_string in = hex(packets);
    for (const std::size_t step : {in.size(), in.size() / 2 + 1, std::size_t{1}}) {
        EXPECT_EQ(lines_of(version, in, step), wanted) << "in steps of " << step;
    }
}

TEST(packet_trace, tells_connect_without_its_secrets) {
    expect_lines(v311,
                 "10 2C 00 04 'MQTT' 04 EE 01 2C 00 03 'cid' 00 02 'wt' 00 06 'hidden' 00 04 'name' 00 09 'secret pw'",
                 {"CONNECT 3.1.1 client \"cid\" clean keep-alive 300 will qos 1 retain user password, 46 bytes"});
    expect_lines(v5_, "10 16 00 04 'MQTT' 05 00 00 3C 05 11 FF FF FF FF 00 04 'shed'",
                 {"CONNECT 5 client \"shed\" keep-alive 60, 24 bytes"});
}

TEST(packet_trace, tells_every_type_of_3_1_1) {
    expect_lines(v311,
                 "20 02 01 00 20 02 00 05"
                 "3B 09 00 03 'a/b' 01 02 'xy' 30 05 00 01 't' 'yz'"
                 "40 02 00 11 50 02 00 12 62 02 00 13 70 02 00 14"
                 "82 08 00 03 00 03 'a/#' 02 90 03 00 03 80 A2 0A 00 04 00 02 'fo' 00 02 'ba' B0 02 00 04"
                 "C0 00 D0 00 E0 00",
                 {"CONNACK session present: Success, 4 bytes", "CONNACK: Not authorized, 4 bytes",
                  "PUBLISH qos 1 dup retain id 258 \"a/b\" payload 2, 11 bytes",
                  "PUBLISH qos 0 \"t\" payload 2, 7 bytes", "PUBACK id 17, 4 bytes", "PUBREC id 18, 4 bytes",
                  "PUBREL id 19, 4 bytes", "PUBCOMP id 20, 4 bytes", "SUBSCRIBE id 3 \"a/#\" qos 2, 10 bytes",
                  "SUBACK id 3: Unspecified error, 5 bytes", "UNSUBSCRIBE id 4 \"fo\", \"ba\", 12 bytes",
                  "UNSUBACK id 4, 4 bytes", "PINGREQ, 2 bytes", "PINGRESP, 2 bytes", "DISCONNECT, 2 bytes"});
}

TEST(packet_trace, tells_the_reasons_of_5_and_leaves_properties_out) {
    expect_lines(v5_,
                 "20 03 00 87 00"
                 "34 0E 00 01 't' 00 07 05 03 00 02 'pl' 'zzz'"
                 "40 03 00 07 10 90 06 00 03 00 01 02 97 E0 01 8B F0 01 18",
                 {"CONNACK: Not authorized, 5 bytes", "PUBLISH qos 2 id 7 \"t\" payload 3, 16 bytes",
                  "PUBACK id 7: No matching subscribers, 5 bytes",
                  "SUBACK id 3: Granted QoS 1: Granted QoS 2: Quota exceeded, 8 bytes",
                  "DISCONNECT: Server shutting down, 3 bytes", "AUTH: Continue authentication, 3 bytes"});
}

TEST(packet_trace, shows_sizes_of_large_packets_and_not_their_content) {
    const byte_string head = hex("32") + variable(100'007) + hex("00 03 'big' 00 09");
    byte_string packet = head + byte_string(100'000, 'x');
    EXPECT_EQ(lines_of(v311, packet, 1'000), (list{"PUBLISH qos 1 id 9 \"big\" payload 100000, 100011 bytes"}));
    packet.resize(50'000);
    EXPECT_EQ(lines_of(v311, packet, 1'000),
              (list{"unfinished PUBLISH qos 1 id 9 \"big\" payload 100000, 50000 of 100011 bytes"}));
    packet.resize(2);
    EXPECT_EQ(lines_of(v311, packet, 1'000), (list{"unfinished PUBLISH, 2 of unknown bytes"}));
}

TEST(packet_trace, shortens_long_topics_and_hides_control_characters) {
    const std::string topic(300, 't');
    const byte_string packet = hex("30") + variable(302) + hex("01 2C") + byte_string(topic.begin(), topic.end());
    EXPECT_EQ(lines_of(v311, packet, 400),
              (list{"PUBLISH qos 0 \"" + topic.substr(0, 100) + "...\" payload 0, 305 bytes"}));
    expect_lines(v311, "30 06 00 04 'a' 1B 0A 'b'", {"PUBLISH qos 0 \"a??b\" payload 0, 8 bytes"});
}

TEST(packet_trace, says_when_it_is_not_mqtt_and_then_nothing_more) {
    expect_lines(v311, "D0 00 48 FF FF FF FF 00 C0 00",
                 {"PINGRESP, 2 bytes", "something that is not MQTT; what follows cannot be read"});
}

TEST(packet_trace, any_bytes_end_in_lines_of_bounded_length_without_a_control_character) {
    std::mt19937 random(7);
    for (int round = 0; round < 2'000; ++round) {
        byte_string in(random() % 700 + 1);
        for (auto& byte : in) byte = static_cast<std::uint8_t>(random() % (round % 2 ? 256 : 12));
        if (round % 3 == 0) in[0] = static_cast<std::uint8_t>((round % 16) << 4);
        for (const std::string& line : lines_of(round % 5 ? v5_ : v311, in, random() % 50 + 1)) {
            EXPECT_LE(line.size(), 340u);
            for (const char c : line) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20) << line;
        }
    }
}

}  // namespace
}  // namespace mqtt_as::wire
