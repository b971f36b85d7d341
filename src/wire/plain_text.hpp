// Text that is plain ASCII without wildcards, which nearly every topic name is: found out in a few instructions.
#pragma once

#include "src/wire/profile.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mqtt_as::wire {

constexpr std::uint64_t each_byte(std::uint8_t value) { return 0x0101'0101'0101'0101u * value; }

/// Sets 0x80 in every byte that is U+0000, a wildcard, or not ASCII. A byte that is zero (after the exclusive or:
/// a wildcard; '#' and '+' differ in 0x08 alone) has its high bit set by the subtraction. A borrow can mark an innocent
/// neighbour, but only beside a guilty byte.
constexpr std::uint64_t suspects(std::uint64_t word) {
    const std::uint64_t wildcards = (word | each_byte(0x08)) ^ each_byte('+');
    return word | (word - each_byte(1)) | (wildcards - each_byte(1));
}

template <class Word>
inline std::uint64_t load(const char* at) {
    Word word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

/// May say no to a text that is well-formed, never yes to one that is not. Hosts look at eight bytes at a time, and the
/// words overlap at the end; boards go byte by byte, for a Cortex-M0+ has no unaligned loads.
inline bool is_plain(std::string_view text) {
    if (!profile::prefers_speed || text.size() < 4) return false;
    const char* at = text.data();
    const char* const end = at + text.size();
    std::uint64_t found = 0;
    if (text.size() < 8) {
        found = suspects(load<std::uint32_t>(at) << 32 | load<std::uint32_t>(end - 4));
    } else {
        found = suspects(load<std::uint64_t>(at)) | suspects(load<std::uint64_t>(end - 8));
        for (at += 8; end - at > 8; at += 8) found |= suspects(load<std::uint64_t>(at));
    }
    return (found & each_byte(0x80)) == 0;
}

}  // namespace mqtt_as::wire
