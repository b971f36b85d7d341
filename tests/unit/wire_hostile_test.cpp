// Any bytes: a violation, or a packet whose every view lies within its body and whose every field keeps the rules.
#include "tests/unit/wire_judge.hpp"

#include <map>
#include <set>

namespace mqtt_as::wire {
namespace {

/// A valid packet, and the lengths of shorter bodies that are valid, too.
struct sample {
    const char* header;  ///< the first byte
    const char* body;
    std::set<std::size_t> shorter;
};

const sample of_3_1_1[] = {
    {"20", "00 00", {}},
    {"20", "01 00", {}},
    {"20", "00 05", {}},
    {"30", "00 03 'a/b' 'hello'", {5, 6, 7, 8, 9}},
    {"31", "00 13 'sensors/temperature' 00", {21}},
    {"3D", "00 03 'a/b' 00 0A 'hi'", {7, 8}},
    {"32", "00 0B E6 B8 A9 E5 BA A6 '/' F0 9F 8C A1 FF FF", {}},
    {"40", "00 01", {}},
    {"50", "FF FF", {}},
    {"62", "01 00", {}},
    {"70", "00 FF", {}},
    {"90", "00 0A 01", {}},
    {"90", "00 0A 80", {}},
    {"B0", "00 0A", {}},
};

const sample of_5[] = {
    {"20", "00 00 00", {}},
    {"20", "00 01", {}},
    {"20",
     "00 00 2F 11 00 00 00 78 21 00 14 24 01 25 00 27 00 01 00 00 12 00 03 'abc' 22 00 0A 1F 00 02 'ok' "
     "28 00 29 00 2A 00 13 00 1E 26 00 01 'k' 00 01 'v'",
     {}},
    {"20", "00 87 11 1F 00 07 'go away' 1C 00 04 'host'", {}},
    {"30", "00 03 'a/b' 00 'hello'", {6, 7, 8, 9, 10}},
    {"31", "00 13 'sensors/temperature' 00 00", {22}},
    {"3D", "00 03 'a/b' 00 0A 17 01 01 02 00 00 00 3C 03 00 01 't' 08 00 01 'r' 09 00 02 00 FF 0B FF 01 'x'", {31}},
    {"34", "00 02 C3 A4 00 01 0F 0B 05 0B 06 26 00 02 C3 A4 00 01 'v' 0B 80 01", {}},
    {"40", "00 01", {}},
    {"40", "00 01 10", {2}},
    {"50", "FF FF 97 00", {2, 3}},
    {"62", "01 00 92 05 1F 00 02 'no'", {2, 3}},
    {"70", "00 FF 00 09 26 00 01 'k' 00 03 'val'", {2, 3}},
    {"90", "00 0A 00 01", {}},
    {"90", "00 0A 05 1F 00 02 'no' 87", {}},
    {"B0", "00 0A 00 11", {}},
    {"B0", "00 0A 07 26 00 01 'k' 00 01 'v' 00", {}},
    {"E0", "", {}},
    {"E0", "8E", {0}},
    {"E0", "9D 0C 1C 00 04 'b:18' 1F 00 02 'go'", {0, 1}},
};

std::span<const sample> samples(const protocol& version) {
    return version.version == protocol_version::v5 ? std::span<const sample>(of_5) : std::span<const sample>(of_3_1_1);
}

any_packet decode(const protocol& version, std::uint8_t first, bytes body) {
    return decode_any(version, static_cast<packet_type>(first >> 4), first & 0x0F, body);
}

TEST(hostile_bytes, samples_are_valid) {
    for (const protocol* version : both_versions) {
        for (const sample& each : samples(*version)) {
            const byte_string packet = hex(each.header) + variable(hex(each.body).size()) + hex(each.body);
            const block exact{bytes(packet)};
            const fixed_header header = read_fixed_header(exact, *version);
            ASSERT_TRUE(header.is_complete) << each.header;
            ASSERT_EQ(header.packet_size(), packet.size());
            const bytes body = bytes(exact).subspan(header.header_size);
            const any_packet result = decode(*version, header.first, body);
            EXPECT_EQ(result.why, violation::none) << name_of(*version) << ' ' << each.header << ' ' << each.body;
            expect_good(result, header.type(), body);
        }
    }
}

TEST(hostile_bytes, no_packet_cut_short_is_taken_for_another) {
    for (const protocol* version : both_versions) {
        for (const sample& each : samples(*version)) {
            const byte_string whole = hex(each.body);
            for (std::size_t cut = 0; cut < whole.size(); ++cut) {
                const block body{bytes(whole).first(cut)};
                const any_packet result = decode(*version, hex(each.header)[0], body);
                EXPECT_EQ(result.why == violation::none, each.shorter.contains(cut))
                    << name_of(*version) << ' ' << each.header << ' ' << each.body << " cut to " << cut << ": "
                    << describe(result.why);
            }
        }
    }
}

TEST(hostile_bytes, no_packet_with_a_byte_too_many_is_taken_but_where_bytes_may_follow) {
    for (const protocol* version : both_versions) {
        for (const sample& each : samples(*version)) {
            const auto type = static_cast<packet_type>(hex(each.header)[0] >> 4);
            const bool may_follow = type == packet_type::publish || type == packet_type::suback ||
                                    (type == packet_type::unsuback && version->has_properties());
            if (may_follow) continue;
            const byte_string longer = hex(each.body) + hex("FF");
            const block body{bytes(longer)};
            EXPECT_NE(decode(*version, hex(each.header)[0], body).why, violation::none) << each.header << each.body;
        }
    }
}

TEST(hostile_bytes, every_change_of_one_byte_is_harmless) {
    for (const protocol* version : both_versions) {
        for (const sample& each : samples(*version)) {
            const byte_string original = hex(each.body);
            const std::uint8_t first = hex(each.header)[0];
            for (std::size_t at = 0; at < original.size(); ++at) {
                for (int value = 0; value < 256; ++value) {
                    byte_string changed = original;
                    changed[at] = static_cast<std::uint8_t>(value);
                    const block body{bytes(changed)};
                    const any_packet result = decode(*version, first, body);
                    if (result.why == violation::none) expect_good(result, static_cast<packet_type>(first >> 4), body);
                }
            }
        }
    }
}

/// SplitMix64: the same numbers on every machine.
class chance {
public:
    explicit chance(std::uint64_t seed) : state_(seed) {}
    std::size_t below(std::size_t end) {
        std::uint64_t z = state_ += 0x9E37'79B9'7F4A'7C15u;
        z = (z ^ z >> 30) * 0xBF58'476D'1CE4'E5B9u;
        z = (z ^ z >> 27) * 0x94D0'49BB'1331'11EBu;
        return static_cast<std::size_t>((z ^ z >> 31) % end);
    }

private:
    std::uint64_t state_;
};

void mutate(byte_string& data, chance& random) {
    static const byte_string interesting = hex("00 01 02 7F 80 FF 26 1F 0B 23 2B 2A C0 ED F4");
    const auto place = [&] { return data.begin() + static_cast<std::ptrdiff_t>(random.below(data.size() + 1)); };
    switch (random.below(5)) {
    case 0:
        if (!data.empty()) data[random.below(data.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
        break;
    case 1:
        if (!data.empty()) data[random.below(data.size())] = interesting[random.below(interesting.size())];
        break;
    case 2: data.insert(place(), interesting[random.below(interesting.size())]); break;
    case 3: data.erase(place(), data.end()); break;
    default: {  // repeat a part, as a property given twice
        const std::size_t from = random.below(data.size() + 1);
        const std::size_t size = random.below(data.size() - from + 1);
        const byte_string part(data.begin() + static_cast<std::ptrdiff_t>(from),
                               data.begin() + static_cast<std::ptrdiff_t>(from + size));
        data.insert(place(), part.begin(), part.end());
    }
    }
}

TEST(hostile_bytes, a_hundred_thousand_mutations_end_in_a_violation_or_a_good_packet) {
    chance random(20'190'307);
    std::map<violation, int> count;
    for (int round = 0; round < 100'000; ++round) {
        const protocol& version = *both_versions[random.below(2)];
        const auto all = samples(version);
        const sample& from = all[random.below(all.size())];
        byte_string body = hex(from.body);
        for (std::size_t times = 1 + random.below(3); times > 0; --times) mutate(body, random);
        // Half of them have the length that belongs to them, so that the mutation reaches the decoder.
        byte_string packet = hex(from.header) + variable(body.size()) + body;
        if (random.below(2) == 0) mutate(packet, random);

        const block exact{bytes(packet)};
        const fixed_header header = read_fixed_header(exact, version);
        if (header.why != violation::none) ++count[header.why];
        if (!header.is_complete || header.packet_size() > packet.size()) continue;
        const block whole{bytes(exact).subspan(header.header_size, header.remaining_length)};
        if (header.type() == packet_type::pingresp || header.type() == packet_type::auth)
            continue;  // without a decoder
        const any_packet result = decode(version, header.first, whole);
        ++count[result.why];
        if (result.why == violation::none) expect_good(result, header.type(), whole);
        ASSERT_FALSE(HasFailure()) << to_hex(packet);
    }
    // Every violation that bytes alone can commit was committed: the mutations reach everywhere.
    for (const violation why :
         {violation::none, violation::bad_packet_type, violation::bad_fixed_header_flags,
          violation::bad_remaining_length, violation::truncated_packet, violation::trailing_bytes,
          violation::bad_string, violation::bad_topic_name, violation::bad_qos, violation::zero_packet_identifier,
          violation::bad_reason_code, violation::bad_property, violation::repeated_property,
          violation::bad_property_value, violation::bad_acknowledge_flags, violation::bad_session_present,
          violation::wrong_code_count, violation::bad_topic_alias}) {
        EXPECT_GT(count[why], 0) << describe(why);
    }
}

}  // namespace
}  // namespace mqtt_as::wire
