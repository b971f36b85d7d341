// The two to five bytes before every packet (section 2.2 in 3.1.1, 2.1 in 5).
#include "src/wire/common.hpp"

namespace mqtt_as::wire {
namespace {

violation judge(std::uint8_t first, const protocol& protocol) {
    const unsigned allowed = protocol.received_flags[first >> 4];
    if ((allowed >> (first & 0x0F) & 1) != 0) return violation::none;
    if (allowed == 0) return violation::bad_packet_type;
    return allowed == publish_flags ? violation::bad_qos : violation::bad_fixed_header_flags;
}

}  // namespace

fixed_header read_fixed_header(bytes in, const protocol& protocol) noexcept {
    fixed_header header;
    if (in.empty()) return header;
    header.first = in[0];
    header.why = judge(header.first, protocol);
    header.state = fixed_header::status::malformed;
    if (header.why != violation::none) return header;

    for (std::size_t at = 1; at < fixed_header_max; ++at) {
        if (at == in.size()) {
            header.state = fixed_header::status::need_more;
            return header;
        }
        const std::uint32_t byte = in[at];
        header.remaining_length |= (byte & 0x7F) << (7 * (at - 1));
        if (byte < 0x80) {
            // 3.1.1 shows how to encode a length but does not forbid a longer way; 5 does.
            if (byte == 0 && at > 1 && protocol.wants_short_lengths) break;
            header.header_size = static_cast<std::uint8_t>(at + 1);
            if (header.type() == packet_type::pingresp && header.remaining_length != 0) {
                header.why = violation::trailing_bytes;
                return header;
            }
            header.state = fixed_header::status::complete;
            return header;
        }
    }
    header.why = violation::bad_remaining_length;
    return header;
}

}  // namespace mqtt_as::wire
