// Packets for the tests of src/wire: bytes written as the specification's tables print them, on heap blocks of exactly
// their size, so that AddressSanitizer objects to the first byte read or written beyond.
#pragma once

#include "src/wire/protocol.hpp"
#include "src/wire/publish.hpp"

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as {

inline void PrintTo(violation why, std::ostream* out) { *out << describe(why); }
inline void PrintTo(errc error, std::ostream* out) { *out << describe(error); }
inline void PrintTo(reason_code reason, std::ostream* out) { *out << describe(reason); }

}  // namespace mqtt_as

namespace mqtt_as::wire {

using byte_string = std::vector<std::uint8_t>;

/// Bytes in hexadecimal; 'text in quotes' stands for itself: "00 03 'a/b' 0A".
inline byte_string hex(std::string_view text) {
    byte_string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == ' ') continue;
        if (text[i] == '\'') {
            const auto end = text.find('\'', i + 1);
            out.insert(out.end(), text.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                       text.begin() + static_cast<std::ptrdiff_t>(end));
            i = end;
            continue;
        }
        out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
        ++i;
    }
    return out;
}

inline std::string to_hex(bytes data) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const std::uint8_t byte : data) {
        if (!out.empty()) out += ' ';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

inline std::string to_text(bytes data) { return {data.begin(), data.end()}; }

inline byte_string operator+(byte_string a, const byte_string& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// A variable byte integer, made here so that no encoder under test is trusted.
inline byte_string variable(std::size_t value) {
    byte_string out;
    do {
        const std::size_t more = value > 127 ? 128 : 0;
        out.push_back(static_cast<std::uint8_t>(value % 128 + more));
        value /= 128;
    } while (value != 0);
    return out;
}

/// A heap block of exactly the size of its bytes.
class block {
public:
    explicit block(bytes data) : size_(data.size()), data_(new std::uint8_t[data.size()]) {
        std::copy(data.begin(), data.end(), data_.get());
    }
    explicit block(std::size_t size) : size_(size), data_(new std::uint8_t[size]) {}
    operator bytes() const { return {data_.get(), size_}; }
    std::span<std::uint8_t> writable() { return {data_.get(), size_}; }

private:
    std::size_t size_;
    std::unique_ptr<std::uint8_t[]> data_;
};

inline violation decode(const protocol& by, bytes body, connack& out) { return by.decode_connack(body, out); }
inline violation decode(const protocol& by, bytes body, publish& out, std::uint8_t flags) {
    return by.decode_publish(flags, body, out);
}
inline violation decode(const protocol& by, bytes body, answer& out, packet_type type) {
    return by.decode_answer(type, body, out);
}

/// One call of a decoder. `packet` may look into `body`.
template <class Packet>
struct decoded {
    template <class... More>
    decoded(const protocol& by, const byte_string& bytes_of_body, More... more)
        : body(bytes_of_body), why(decode(by, body, packet, more...)) {}
    template <class... More>
    decoded(const protocol& by, std::string_view text, More... more) : decoded(by, hex(text), more...) {}

    block body;
    Packet packet{};
    violation why;
};

/// A packet of any type that a server sends, as far as the types have something in common.
struct any_packet {
    violation why{};
    property_view properties;
    std::string_view text;  ///< topic of PUBLISH, assigned client identifier of CONNACK
    bytes data;             ///< payload of PUBLISH
    bool needs_id = false;
    std::uint16_t packet_id = 0;
};

inline any_packet decode_any(const protocol& by, packet_type type, std::uint8_t flags, bytes body) {
    switch (type) {
    case packet_type::connack: {
        connack out;
        const violation why = by.decode_connack(body, out);
        return {.why = why, .properties = out.properties, .text = out.assigned_client_identifier, .data = {}};
    }
    case packet_type::publish: {
        publish out;
        const violation why = by.decode_publish(flags, body, out);
        return {why, out.properties, out.topic, out.payload, out.qos != 0, out.packet_id};
    }
    default: {
        answer out;
        const violation why = by.decode_answer(type, body, out);
        return {why, out.properties, {}, {}, type != packet_type::disconnect, out.packet_id};
    }
    }
}

/// All that a CONNECT may have, in one place.
struct given_connect {
    std::string_view client_id{};
    std::uint16_t keep_alive = 60;
    bool clean_start = true;
    std::optional<std::string_view> user{};
    std::optional<std::string_view> password{};
    const will* last_will = nullptr;
    std::uint32_t session_expiry_interval = 0;
    std::uint16_t receive_maximum = 65'535;
    std::uint32_t maximum_packet_size = 0;
    connect_properties properties{};

    engine_config config() const {
        engine_config all;
        all.user = user;
        all.password = password;
        all.keepalive = keep_alive;
        all.receive_maximum = receive_maximum;
        all.properties = properties;
        return all;
    }
    connect packet(const engine_config& config) const {
        return {config, client_id, clean_start, last_will, session_expiry_interval, maximum_packet_size};
    }
};
inline errc check_connect(const protocol& by, const given_connect& given) {
    const engine_config config = given.config();
    return by.check_connect(given.packet(config));
}
inline void encode_connect(const protocol& by, writer& out, const given_connect& given) {
    const engine_config config = given.config();
    by.encode_connect(out, given.packet(config));
}

/// What `encode` writes. Demands that a counting writer counts the same, and that every smaller span stays unharmed.
template <class Encode>
byte_string written(Encode encode) {
    writer count;
    encode(count);
    EXPECT_EQ(count.fits(), count.size() == 0);

    block room(count.size());
    writer exact(room.writable());
    encode(exact);
    EXPECT_EQ(exact.size(), count.size());
    EXPECT_TRUE(exact.fits());

    for (std::size_t size = 0; size < std::min<std::size_t>(count.size(), 300); ++size) {
        block small(size);
        writer cut(small.writable());
        encode(cut);
        EXPECT_EQ(cut.size(), count.size());
        EXPECT_FALSE(cut.fits());
    }
    const bytes all = room;
    return {all.begin(), all.end()};
}

/// As `written`, in hexadecimal.
template <class Encode>
std::string written_hex(Encode encode) {
    return to_hex(written(encode));
}

/// As `put_short_packet` writes it, in hexadecimal.
inline std::string short_packet(packet_type type, std::uint16_t packet_id, reason_code reason) {
    block room(short_packet_max);
    const std::size_t size = put_short_packet(room.writable().data(), type, packet_id, reason);
    return to_hex(bytes(room).first(size));
}

/// A payload of which nothing but the size is looked at.
inline bytes of_size(std::size_t size) {
    static constexpr std::uint8_t first = 0;
    return {&first, size};
}

/// The head of an acceptable PUBLISH.
inline byte_string written_head(const protocol& version, const publish_head& head,
                                std::size_t* packet_id_offset = nullptr) {
    const auto [error, layout] = check_publish(version, head);
    EXPECT_EQ(error, errc::ok);
    block room(layout.head_size);
    const std::size_t packet_id = encode_publish(version, room.writable().data(), head, layout);
    const byte_string packet(room.writable().begin(), room.writable().end());
    // Short way or long.
    EXPECT_EQ(packet, written([&](writer& out) { EXPECT_EQ(version.encode_publish(out, head), packet_id); }));
    if (packet_id_offset != nullptr) *packet_id_offset = packet_id;
    return packet;
}

inline errc checked(const protocol& version, const publish_head& head) {
    std::size_t head_size = 0;
    const errc error = version.check_publish(head, head_size);
    const checked_publish by_the_short_way = check_publish(version, head);
    EXPECT_EQ(by_the_short_way.error, error);
    EXPECT_EQ(error == errc::ok ? by_the_short_way.layout.head_size : head_size, head_size);
    return error;
}

/// A literal in the form that `written_hex` and `to_hex` give.
inline std::string plain(std::string_view text) { return to_hex(hex(text)); }

inline std::string name_of(const protocol& version) {
    return version.version == protocol_version::v5 ? "MQTT 5" : "MQTT 3.1.1";
}

inline constexpr const protocol* both_versions[] = {&v3_1_1, &v5};

}  // namespace mqtt_as::wire
