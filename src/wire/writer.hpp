// Puts bytes into a span, and goes on counting when the span is full, so that one function both measures and writes.
#pragma once

#include "mqtt_as/types.hpp"

#include <cstring>
#include <span>
#include <string_view>

namespace mqtt_as::wire {

class writer {
public:
    /// Without a span it only counts.
    writer() = default;
    explicit writer(std::span<std::uint8_t> out) : begin_(out.data()), capacity_(out.size()) {}

    void put_byte(std::uint8_t value) {
        if (written_ < capacity_) begin_[written_] = value;
        ++written_;
    }
    void put_u16(std::uint16_t value) {
        if (written_ + 2 <= capacity_) {
            begin_[written_] = static_cast<std::uint8_t>(value >> 8);
            begin_[written_ + 1] = static_cast<std::uint8_t>(value);
        }
        written_ += 2;
    }
    void put_u32(std::uint32_t value) {
        put_u16(static_cast<std::uint16_t>(value >> 16));
        put_u16(static_cast<std::uint16_t>(value));
    }
    /// A variable byte integer in the fewest bytes [MQTT-1.5.5-1].
    void put_variable(std::uint32_t value) {
        while (value > 0x7F) {
            put_byte(static_cast<std::uint8_t>(value | 0x80));
            value >>= 7;
        }
        put_byte(static_cast<std::uint8_t>(value));
    }
    void put_bytes(const void* data, std::size_t size) {
        if (size != 0 && written_ + size <= capacity_) std::memcpy(begin_ + written_, data, size);
        written_ += size;
    }
    /// A two-byte length and the bytes: a string or binary data of at most 65,535 bytes.
    void put_string(std::string_view text) {
        put_u16(static_cast<std::uint16_t>(text.size()));
        put_bytes(text.data(), text.size());
    }

    /// Bytes put so far, whether or not they fitted. When they did not, what was written means nothing.
    std::size_t size() const { return written_; }
    bool fits() const { return written_ <= capacity_; }

private:
    std::uint8_t* begin_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t written_ = 0;
};

}  // namespace mqtt_as::wire
