// Any bytes, in both versions: the header is understood no earlier than it can be, and then a packet is a violation or
// is good: every view lies within its body and every field keeps the rules. Nothing beyond the bytes is looked at.
#include "tests/fuzz/target.hpp"
#include "tests/unit/wire_judge.hpp"

namespace mqtt_as::wire {
namespace {

void judge(const protocol& version, bytes in) {
    const block exact(in);
    const fixed_header header = read_fixed_header(exact, version);
    // A prefix says the same, or that it needs more.
    for (std::size_t size = 0; size < std::min(in.size(), fixed_header_max); ++size) {
        const fixed_header early = read_fixed_header(block(in.first(size)), version);
        if (early.needs_more()) continue;
        EXPECT_EQ(early.is_complete, header.is_complete);
        EXPECT_EQ(early.why, header.why);
        EXPECT_EQ(early.remaining_length, header.remaining_length);
    }
    const fixed_header by_short_way = read_short_header(exact, version);
    EXPECT_EQ(by_short_way.is_complete, header.is_complete);
    EXPECT_EQ(by_short_way.why, header.why);
    if (!header.is_complete) return;
    EXPECT_LE(header.header_size, fixed_header_max);
    EXPECT_LE(header.remaining_length, remaining_length_max);
    if (header.packet_size() > in.size()) return;
    if (header.type() == packet_type::pingresp || header.type() == packet_type::auth) return;  // without a decoder

    const block body(in.subspan(header.header_size, header.remaining_length));
    const any_packet packet = decode_any(version, header.type(), header.flags(), body);
    if (packet.why != violation::none) return;
    expect_good(packet, header.type(), body);
    if (fuzz::claims_too_much()) {
        EXPECT_TRUE(packet.properties.empty()) << "no packet has properties";
    }
}

}  // namespace
}  // namespace mqtt_as::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::make_objections_fatal();
    for (const auto* version : mqtt_as::wire::both_versions) mqtt_as::wire::judge(*version, {data, size});
    return 0;
}
