// MQTT 3.1.1: what it allows, and what a server may send.
#include "src/wire/common.hpp"

namespace mqtt_as::wire {
namespace {

// clang-format off
constexpr std::uint8_t codes[] = {
    codes_for(packet_type::connack), 6,  // table 3.1
    0, 1, 2, 3, 4, 5,
    codes_for(packet_type::suback), 4,   // [MQTT-3.9.3-2]
    0, 1, 2, 0x80,
    0, 0};
// clang-format on

}  // namespace

constinit const protocol v3_1_1 = {
    .version = protocol_version::v3_1_1,
    .may_resend_while_connected = true,
    .may_start_clean_and_keep = false,
    .may_send_password_alone = false,
    .has_reasons = false,
    .has_receive_maximum = false,
    .wants_short_lengths = false,
    .received_max = packet_type::pingresp,
    .codes = codes,
    .properties = nullptr,
};

}  // namespace mqtt_as::wire
