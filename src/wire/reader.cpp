// The reader's functions. Out of line: PUBLISH, which must be fast, does without them when it has no properties.
#include "src/wire/reader.hpp"

namespace mqtt_as::wire {

std::uint32_t reader::take_number(std::size_t width) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : take(width)) value = value << 8 | byte;
    return value;
}

std::uint32_t reader::take_variable() {
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

bytes reader::take(std::size_t size) {
    if (size > left()) {
        fail(violation::truncated_packet);
        return {};
    }
    const std::uint8_t* const from = at_;
    at_ += size;
    return {from, size};
}

std::string_view reader::take_data() {
    const bytes data = take(take_number(2));
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

void reader::fail(violation why) {
    if (why_ == violation::none) why_ = why;
    at_ = end_;
}

violation reader::why_at_end() const {
    return why_ == violation::none && at_ != end_ ? violation::trailing_bytes : why_;
}

}  // namespace mqtt_as::wire
