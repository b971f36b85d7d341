// Takes fields off the front of a packet and never reads past its end. The first failure sticks: a decoder asks once.
#pragma once

#include "src/wire/packets.hpp"

#include <cstddef>

namespace mqtt_as::wire {

class reader {
public:
    explicit reader(bytes in) : at_(in.data()), end_(in.data() + in.size()) {}

    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
    const std::uint8_t* at() const { return at_; }

    /// A big-endian integer of 1, 2 or 4 bytes; 0 after a failure.
    std::uint32_t take_number(std::size_t width) {
        std::uint32_t value = 0;
        for (const std::uint8_t byte : take(width)) value = value << 8 | byte;
        return value;
    }

    /// A variable byte integer. More bytes than needed are an error [MQTT-1.5.5-1].
    std::uint32_t take_variable() {
        std::uint32_t value = 0;
        for (unsigned shift = 0; shift < 28; shift += 7) {
            const std::uint32_t byte = take_number(1);
            if (why_ != violation::none) return 0;
            value |= (byte & 0x7F) << shift;
            if (byte < 0x80) {
                if (byte == 0 && shift != 0) break;
                return value;
            }
        }
        fail(violation::bad_remaining_length);
        return 0;
    }

    bytes take(std::size_t size) {
        if (size > left()) {
            fail(violation::truncated_packet);
            return {};
        }
        const auto* from = at_;
        at_ += size;
        return {from, size};
    }

    /// A two-byte length and that many bytes, of a string or of binary data.
    std::string_view take_data() {
        const bytes data = take(take_number(2));
        return {reinterpret_cast<const char*>(data.data()), data.size()};
    }

    void fail(violation why) {
        if (why_ == violation::none) why_ = why;
        at_ = end_;
    }

    /// The first failure.
    violation why() const { return why_; }
    /// The first failure, or bytes that are left over.
    violation why_at_end() const { return why_ == violation::none && at_ != end_ ? violation::trailing_bytes : why_; }

private:
    const std::uint8_t* at_;
    const std::uint8_t* end_;
    violation why_ = violation::none;
};

}  // namespace mqtt_as::wire
