// The fixed header: which first bytes a server may send, and how long a packet is.
#include "tests/unit/wire_bytes.hpp"

namespace mqtt_as::wire {
namespace {

enum class status { complete, need_more, malformed };

status state_of(const fixed_header& header) {
    if (header.why != violation::none) return status::malformed;
    return header.is_complete ? status::complete : status::need_more;
}

fixed_header read(const byte_string& data, const protocol& version) {
    const block exact{bytes(data)};
    return read_fixed_header(exact, version);
}

fixed_header read(std::string_view text, const protocol& version) { return read(hex(text), version); }

TEST(fixed_header, needs_a_byte) {
    for (const protocol* version : both_versions) EXPECT_EQ(state_of(read("", *version)), status::need_more);
}

TEST(fixed_header, accepts_exactly_the_first_bytes_that_a_server_may_send) {
    // Section 2.2: type and reserved flags. PUBLISH: qos 0 without DUP, qos 1 and 2, each with and without RETAIN.
    const byte_string in_both = hex("20 30 31 32 33 34 35 3A 3B 3C 3D 40 50 62 70 90 B0 D0");
    const byte_string in_5 = in_both + hex("E0 F0");
    for (const protocol* version : both_versions) {
        const byte_string& good = version == &v5 ? in_5 : in_both;
        for (int first = 0; first < 256; ++first) {
            const byte_string header = {static_cast<std::uint8_t>(first), 0x00};
            const bool is_good = std::find(good.begin(), good.end(), first) != good.end();
            const fixed_header result = read(header, *version);
            EXPECT_EQ(state_of(result), is_good ? status::complete : status::malformed)
                << to_hex(header) << name_of(*version);
            EXPECT_EQ(result.why == violation::none, is_good) << to_hex(header);
            // The first byte is judged alone.
            const fixed_header early = read(byte_string{header[0]}, *version);
            EXPECT_EQ(state_of(early), is_good ? status::need_more : status::malformed) << to_hex(header);
            EXPECT_EQ(early.why, result.why);
        }
    }
}

TEST(fixed_header, says_what_is_wrong_with_a_first_byte) {
    for (const protocol* version : both_versions) {
        for (const char* type : {"00 00", "0F 00", "10 00", "82 00", "80 00", "A2 00", "C0 00"}) {
            EXPECT_EQ(read(type, *version).why, violation::bad_packet_type) << type;
        }
        for (const char* flags : {"21 00", "28 00", "41 00", "52 00", "60 00", "61 00", "63 00", "6A 00", "72 00",
                                  "92 00", "B2 00", "D1 00", "DF 00"}) {
            EXPECT_EQ(read(flags, *version).why, violation::bad_fixed_header_flags) << flags;
        }
        for (const char* qos : {"36 00", "37 00", "3E 00", "3F 00", "38 00", "39 00"}) {
            EXPECT_EQ(read(qos, *version).why, violation::bad_qos) << qos;
        }
    }
    EXPECT_EQ(read("E0 00", v3_1_1).why, violation::bad_packet_type);
    EXPECT_EQ(read("F0 00", v3_1_1).why, violation::bad_packet_type);
    EXPECT_EQ(read("E1 00", v5).why, violation::bad_fixed_header_flags);
    EXPECT_EQ(read("F1 00", v5).why, violation::bad_fixed_header_flags);
}

TEST(fixed_header, reads_every_length_boundary_and_waits_at_every_byte_before) {
    struct row {
        const char* header;
        std::uint32_t remaining_length;
    };
    // Table 2.4 of 3.1.1, table 1-1 of 5.
    constexpr row table[] = {
        {"30 00", 0},
        {"30 01", 1},
        {"30 7F", 127},
        {"30 80 01", 128},
        {"30 FF 7F", 16'383},
        {"30 80 80 01", 16'384},
        {"30 FF FF 7F", 2'097'151},
        {"30 80 80 80 01", 2'097'152},
        {"30 FF FF FF 7F", 268'435'455},
        {"30 C1 02", 321},
    };
    for (const protocol* version : both_versions) {
        for (const row& each : table) {
            const byte_string header = hex(each.header);
            const fixed_header result = read(header, *version);
            EXPECT_EQ(state_of(result), status::complete) << each.header;
            EXPECT_EQ(result.first, 0x30);
            EXPECT_EQ(result.type(), packet_type::publish);
            EXPECT_EQ(result.flags(), 0);
            EXPECT_EQ(result.header_size, header.size()) << each.header;
            EXPECT_EQ(result.remaining_length, each.remaining_length) << each.header;
            EXPECT_EQ(result.packet_size(), header.size() + each.remaining_length) << each.header;
            // The bytes of the packet that follow change nothing.
            const fixed_header with_more = read(header + hex("80 FF 00"), *version);
            EXPECT_EQ(with_more.remaining_length, each.remaining_length);
            EXPECT_EQ(with_more.header_size, header.size());
            for (std::size_t cut = 0; cut < header.size(); ++cut) {
                const byte_string prefix(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(cut));
                EXPECT_EQ(state_of(read(prefix, *version)), status::need_more) << each.header << " cut at " << cut;
            }
        }
    }
}

TEST(fixed_header, refuses_a_fifth_length_byte_before_it_comes) {
    for (const protocol* version : both_versions) {
        const fixed_header result = read("30 80 80 80 80", *version);
        EXPECT_EQ(state_of(result), status::malformed);
        EXPECT_EQ(result.why, violation::bad_remaining_length);
        EXPECT_EQ(read("30 FF FF FF FF 7F", *version).why, violation::bad_remaining_length);
        EXPECT_EQ(state_of(read("30 80 80 80", *version)), status::need_more);
    }
}

TEST(fixed_header, wants_the_fewest_length_bytes_in_5_and_tolerates_more_in_3_1_1) {
    for (const char* longer : {"30 80 00", "30 FF 00", "30 80 80 00", "30 FF FF 80 00"}) {
        EXPECT_EQ(read(longer, v5).why, violation::bad_remaining_length) << longer;
        EXPECT_EQ(state_of(read(longer, v3_1_1)), status::complete) << longer;
    }
    EXPECT_EQ(read("30 FF 00", v3_1_1).remaining_length, 127u);
}

TEST(fixed_header, refuses_a_pingresp_with_a_body) {
    for (const protocol* version : both_versions) {
        EXPECT_EQ(state_of(read("D0 00", *version)), status::complete);
        EXPECT_EQ(read("D0 01 00", *version).why, violation::trailing_bytes);
        EXPECT_EQ(read("D0 FF FF FF 7F", *version).why, violation::trailing_bytes);
    }
}

}  // namespace
}  // namespace mqtt_as::wire
