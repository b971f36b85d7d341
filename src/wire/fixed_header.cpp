// The two to five bytes before every packet (section 2.2 in 3.1.1, 2.1 in 5).
#include "src/wire/common.hpp"

namespace mqtt_as::wire {
namespace {

violation judge(std::uint8_t first, const protocol& protocol) {
    const unsigned type = first >> 4;
    const unsigned allowed = received_flags[type];
    if (allowed == 0 || type > static_cast<unsigned>(protocol.received_max)) return violation::bad_packet_type;
    if ((allowed >> (first & 0x0F) & 1) != 0) return violation::none;
    return allowed == publish_flags ? violation::bad_qos : violation::bad_fixed_header_flags;
}

}  // namespace

void fixed_header::add(std::uint8_t byte, const protocol& protocol) noexcept {
    if (header_size++ == 0) {
        first = byte;
        why = judge(byte, protocol);
        return;
    }
    remaining_length |= (byte & 0x7Fu) << (7 * (header_size - 2));
    const bool is_last = byte < 0x80;
    // 3.1.1 shows how to encode a length but does not forbid a longer way; 5 does.
    const bool is_too_long = byte == 0 && header_size > 2 && protocol.wants_short_lengths;
    if (is_too_long || (!is_last && header_size == fixed_header_max)) why = violation::bad_remaining_length;
    if (is_last && type() == packet_type::pingresp && remaining_length != 0) why = violation::trailing_bytes;
    is_complete = is_last && why == violation::none;
}

fixed_header read_fixed_header(bytes in, const protocol& protocol) noexcept {
    fixed_header header;
    for (std::size_t at = 0; at < in.size() && header.needs_more(); ++at) header.add(in[at], protocol);
    return header;
}

}  // namespace mqtt_as::wire
