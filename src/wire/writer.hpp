// Puts bytes into a span, and goes on counting when the span is full: one function measures, judges and writes.
#pragma once

#include "mqtt_as/types.hpp"

#include <span>
#include <string_view>

namespace mqtt_as::wire {

class writer {
public:
    /// Without a span it only counts.
    writer() = default;
    explicit writer(std::span<std::uint8_t> out) : begin_(out.data()), capacity_(out.size()) {}

    void put_byte(std::uint8_t value);
    void put_u16(std::uint16_t value);
    /// A variable byte integer in the fewest bytes [MQTT-1.5.5-1].
    void put_variable(std::uint32_t value);
    void put_bytes(const void* data, std::size_t size);
    /// A two-byte length and the bytes: a string or binary data of at most 65,535 bytes.
    void put_string(std::string_view text);

    /// Begins a block whose length, a variable byte integer, stands before it. `close` is given what this returns.
    std::size_t open();
    /// Ends it. `behind`: bytes that belong to it and are written elsewhere. How far it moved: a length takes one byte
    /// mostly.
    std::size_t close(std::size_t begin, std::size_t behind = 0);

    /// It only counts: this is the time to judge what the caller gave. Later it has been judged.
    bool judges() const { return begin_ == nullptr; }
    void demand(bool is_good) { is_bad_ = is_bad_ || !is_good; }
    /// A demand was not met.
    bool is_bad() const { return is_bad_; }

    /// Bytes put so far, whether or not they fitted. When they did not, what was written means nothing.
    std::size_t size() const { return written_; }
    bool fits() const { return written_ <= capacity_; }

private:
    /// Counts `size` bytes; where to write them, or nullptr when they do not fit.
    std::uint8_t* claim(std::size_t size) {
        const std::size_t at = written_;
        written_ += size;
        return written_ <= capacity_ ? begin_ + at : nullptr;
    }

    std::uint8_t* begin_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t written_ = 0;
    bool is_bad_ = false;
};

}  // namespace mqtt_as::wire
