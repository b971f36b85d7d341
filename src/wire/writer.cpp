// The writer's functions. Out of line, because they are called from many places and boards are small.
#include "src/wire/writer.hpp"

#include <cstring>

namespace mqtt_as::wire {

void writer::put_byte(std::uint8_t value) {
    if (std::uint8_t* const at = claim(1)) *at = value;
}

void writer::put_u16(std::uint16_t value) {
    put_byte(static_cast<std::uint8_t>(value >> 8));
    put_byte(static_cast<std::uint8_t>(value));
}

void writer::put_variable(std::uint32_t value) {
    for (; value > 0x7F; value >>= 7) put_byte(static_cast<std::uint8_t>(value | 0x80));
    put_byte(static_cast<std::uint8_t>(value));
}

void writer::put_bytes(const void* data, std::size_t size) {
    std::uint8_t* const at = claim(size);
    if (at != nullptr && size != 0) std::memcpy(at, data, size);
}

void writer::put_string(std::string_view text) {
    put_u16(static_cast<std::uint16_t>(text.size()));
    put_bytes(text.data(), text.size());
}

std::size_t writer::open() {
    put_byte(0);
    return written_;
}

std::size_t writer::close(std::size_t begin, std::size_t behind) {
    auto length = static_cast<std::uint32_t>(written_ - begin + behind);
    std::size_t at = begin - 1;
    for (; length > 0x7F; length >>= 7, ++at) {
        const std::size_t size = written_ - at - 1;
        if (claim(1) == nullptr) continue;
        std::memmove(begin_ + at + 2, begin_ + at + 1, size);
        begin_[at] = static_cast<std::uint8_t>(length | 0x80);
    }
    if (fits()) begin_[at] = static_cast<std::uint8_t>(length);
    return at + 1 - begin;
}

}  // namespace mqtt_as::wire
