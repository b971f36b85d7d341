// Packets for the tests of src/wire: bytes written as the specification's tables print them, on heap blocks of exactly
// their size, so that AddressSanitizer objects to the first byte read or written beyond.
#pragma once

#include "src/wire/protocol.hpp"

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

/// One call of a decoder. `packet` may look into `body`.
template <class Packet>
struct decoded {
    template <class Decoder, class... Before>
    decoded(Decoder decode, const byte_string& bytes_of_body, Before... before)
        : body(bytes_of_body), why(decode(before..., body, packet)) {}
    template <class Decoder, class... Before>
    decoded(Decoder decode, std::string_view text, Before... before) : decoded(decode, hex(text), before...) {}

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
    case packet_type::disconnect: {
        disconnect out;
        const violation why = by.decode_disconnect(body, out);
        return {.why = why, .properties = out.properties, .text = {}, .data = {}};
    }
    default: {
        acknowledgement out;
        const violation why = by.decode_acknowledgement(type, body, out);
        return {why, out.properties, {}, {}, true, out.packet_id};
    }
    }
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

/// The head of an acceptable PUBLISH.
inline byte_string written_head(const protocol& version, const publish_head& head) {
    publish_layout layout;
    EXPECT_EQ(version.check_publish(head, layout), errc::ok);
    block room(layout.head_size);
    version.encode_publish_head(room.writable().data(), head, layout);
    return byte_string(room.writable().begin(), room.writable().end());
}

inline errc check_publish(const protocol& version, const publish_head& head) {
    publish_layout layout;
    return version.check_publish(head, layout);
}

/// A literal in the form that `written_hex` and `to_hex` give.
inline std::string plain(std::string_view text) { return to_hex(hex(text)); }

inline std::string name_of(const protocol& version) {
    return version.version == protocol_version::v5 ? "MQTT 5" : "MQTT 3.1.1";
}

inline constexpr const protocol* both_versions[] = {&v3_1_1, &v5};

}  // namespace mqtt_as::wire
