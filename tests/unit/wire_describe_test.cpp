// The words for every error, and what DISCONNECT says about every violation.
#include "tests/unit/wire_bytes.hpp"

#include <set>
#include <string>

namespace mqtt_as {
namespace {

/// Texts of the values below `end` that are known, by value.
template <class Enum>
std::set<std::string_view> texts(int end, std::string_view unknown) {
    std::set<std::string_view> all;
    for (int value = 0; value < end; ++value) {
        const std::string_view text = describe(static_cast<Enum>(value));
        if (text == unknown) continue;
        EXPECT_TRUE(all.insert(text).second) << "two values say: " << text;
        EXPECT_GE(text.size(), 5u) << value;
        EXPECT_NE(text.back(), '.') << text;
    }
    return all;
}

TEST(describe, has_words_of_its_own_for_every_error) {
    EXPECT_GE(texts<errc>(256, "Unknown error").size(), 36u);
    EXPECT_EQ(describe(errc::link_down), "The network interface is down");
}

TEST(describe, names_every_reason_code_as_the_specification_does) {
    EXPECT_EQ(texts<reason_code>(256, "Unknown reason code").size(), 43u);
    EXPECT_EQ(describe(reason_code::success), "Success");
    EXPECT_EQ(describe(reason_code::not_authorized), "Not authorized");
    EXPECT_EQ(describe(reason_code{0x03}), "Unknown reason code");
    EXPECT_EQ(describe(reason_code{0xA3}), "Unknown reason code");
}

TEST(describe, has_words_of_its_own_for_every_violation) {
    EXPECT_GE(texts<violation>(256, "Unknown violation").size(), 22u);
    EXPECT_EQ(describe(violation::bad_string), "A string is not UTF-8 or contains U+0000");
}

TEST(reason_for, says_what_section_4_13_and_the_rules_themselves_say) {
    EXPECT_EQ(reason_for(violation::none), reason_code::success);
    for (const violation why : {violation::bad_fixed_header_flags, violation::bad_remaining_length,
                                violation::truncated_packet, violation::trailing_bytes, violation::bad_string,
                                violation::bad_qos, violation::bad_property, violation::bad_acknowledge_flags}) {
        EXPECT_EQ(reason_for(why), reason_code::malformed_packet) << describe(why);
    }
    for (const violation why :
         {violation::bad_packet_type, violation::bad_topic_name, violation::zero_packet_identifier,
          violation::bad_reason_code, violation::repeated_property, violation::bad_property_value,
          violation::bad_session_present, violation::wrong_code_count, violation::unexpected_packet,
          violation::unasked_property}) {
        EXPECT_EQ(reason_for(why), reason_code::protocol_error) << describe(why);
    }
    EXPECT_EQ(reason_for(violation::packet_too_large), reason_code::packet_too_large);
    EXPECT_EQ(reason_for(violation::receive_maximum_exceeded), reason_code::receive_maximum_exceeded);
    EXPECT_EQ(reason_for(violation::bad_topic_alias), reason_code::topic_alias_invalid);
}

}  // namespace
}  // namespace mqtt_as
