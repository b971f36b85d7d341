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
    std::uint32_t take_number(std::size_t width);
    /// A variable byte integer. More bytes than needed are an error [MQTT-1.5.5-1].
    std::uint32_t take_variable();
    bytes take(std::size_t size);
    /// A two-byte length and that many bytes, of a string or of binary data.
    std::string_view take_data();

    [[gnu::noinline]] void fail(violation why);

    /// The first failure.
    violation why() const { return why_; }
    /// The first failure, or bytes that are left over.
    violation why_at_end() const;

private:
    const std::uint8_t* at_;
    const std::uint8_t* end_;
    violation why_ = violation::none;
};

}  // namespace mqtt_as::wire
