// MQTT 5: what it allows, and what a server may send.
#include "src/wire/common.hpp"
#include "src/wire/properties.hpp"

namespace mqtt_as::wire {
namespace {

// clang-format off
constexpr std::uint8_t codes[] = {
    codes_for(packet_type::connack), 22,  // table 3-1
    0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
    0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F,
    codes_for(packet_type::puback), 9,    // 3-4; PUBREC 3-5
    0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99,
    codes_for(packet_type::pubrel), 2,    // 3-6; PUBCOMP 3-7
    0x00, 0x92,
    codes_for(packet_type::suback), 12,   // 3-8
    0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2,
    codes_for(packet_type::unsuback), 7,  // 3-9
    0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91,
    // 3-10 without what only a client sends. 0x8C stands in table 2-6 alone, and harms nobody.
    codes_for(packet_type::disconnect), 29,
    0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D,
    0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
    0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
    0, 0};
// clang-format on

}  // namespace

constinit const protocol v5 = {
    .version = protocol_version::v5,
    .may_resend_while_connected = false,
    .may_start_clean_and_keep = true,
    .may_send_password_alone = true,
    .has_reasons = true,
    .has_receive_maximum = true,
    .wants_short_lengths = true,
    .received_flags = {0, 0, 1, publish_flags, 1, 1, pubrel_flags, 1, 0, 1, 0, 1, 0, 1, 1, 1},
    .codes = codes,
    .properties = &properties_of_5,
};

}  // namespace mqtt_as::wire
