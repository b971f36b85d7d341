// Strings, topic names, topic filters, and which name belongs to which filter.
#include "mqtt_as/topic.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;

namespace mqtt_as {
namespace {

/// A text on a heap block of exactly its size, so that AddressSanitizer sees a byte read too many.
class exact {
public:
    explicit exact(std::string_view text) : size_(text.size()), data_(new char[text.size()]) {
        text.copy(data_.get(), text.size());
    }
    operator std::string_view() const { return {data_.get(), size_}; }

private:
    std::size_t size_;
    std::unique_ptr<char[]> data_;
};

bool is_utf8(std::string_view text) { return is_utf8_string(exact(text)); }
bool is_name(std::string_view text) { return is_topic_name(exact(text)); }
bool is_filter(std::string_view text) { return is_topic_filter(exact(text)); }
bool is_shared(std::string_view text) { return is_shared_filter(exact(text)); }
bool matches(std::string_view filter, std::string_view name) { return topic_matches(exact(filter), exact(name)); }

std::string bytes_of(std::initializer_list<int> all) {
    std::string out;
    for (const int byte : all) out += static_cast<char>(byte);
    return out;
}

/// The bit patterns of table 3-6 of the Unicode standard, for any number.
std::string encoded(std::uint32_t character) {
    const auto part = [character](int shift) { return static_cast<int>(0x80 | (character >> shift & 0x3F)); };
    const auto lead = [character](int mark, int shift) { return mark | static_cast<int>(character >> shift); };
    if (character < 0x80) return bytes_of({static_cast<int>(character)});
    if (character < 0x800) return bytes_of({lead(0xC0, 6), part(0)});
    if (character < 0x10000) return bytes_of({lead(0xE0, 12), part(6), part(0)});
    return bytes_of({lead(0xF0, 18), part(12), part(6), part(0)});
}

/// Table 3-7 of the Unicode standard, row by row: an independent judge.
bool is_well_formed(const std::string& text) {
    struct row {
        int first_min, first_max, second_min, second_max, size;
    };
    static constexpr row table[] = {
        {0x01, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    const auto at = [&text](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : -1; };
    for (std::size_t i = 0; i < text.size();) {
        const row* found = nullptr;
        for (const row& each : table) {
            if (at(i) >= each.first_min && at(i) <= each.first_max) found = &each;
        }
        if (found == nullptr) return false;
        if (found->size > 1 && (at(i + 1) < found->second_min || at(i + 1) > found->second_max)) return false;
        for (std::size_t k = 2; k < static_cast<std::size_t>(found->size); ++k) {
            if (at(i + k) < 0x80 || at(i + k) > 0xBF) return false;
        }
        i += static_cast<std::size_t>(found->size);
    }
    return true;
}

// ---- strings ------------------------------------------------------------------------------------

TEST(utf8_string, accepts_every_character_but_surrogates_and_zero) {
    for (std::uint32_t c = 0; c < 0x11'0000; ++c) {
        const std::string text = encoded(c);
        const bool is_good = c != 0 && (c < 0xD800 || c > 0xDFFF);
        ASSERT_EQ(is_utf8_string(text), is_good) << std::hex << c;
    }
}

TEST(utf8_string, refuses_what_lies_beyond_unicode) {
    EXPECT_TRUE(is_utf8(encoded(0x10'FFFF)));
    EXPECT_FALSE(is_utf8(encoded(0x11'0000)));
    EXPECT_FALSE(is_utf8(encoded(0x1F'FFFF)));
    EXPECT_FALSE(is_utf8(bytes_of({0xF8, 0x88, 0x80, 0x80, 0x80})));
    EXPECT_FALSE(is_utf8(bytes_of({0xFE})));
    EXPECT_FALSE(is_utf8(bytes_of({0xFF})));
}

TEST(utf8_string, refuses_overlong_forms) {
    EXPECT_FALSE(is_utf8(bytes_of({0xC0, 0x80})));              // U+0000 in two bytes
    EXPECT_FALSE(is_utf8(bytes_of({0xC0, 0xAF})));              // '/'
    EXPECT_FALSE(is_utf8(bytes_of({0xC1, 0xBF})));              // U+007F
    EXPECT_FALSE(is_utf8(bytes_of({0xE0, 0x9F, 0xBF})));        // U+07FF
    EXPECT_FALSE(is_utf8(bytes_of({0xF0, 0x8F, 0xBF, 0xBF})));  // U+FFFF
}

TEST(utf8_string, agrees_with_the_unicode_table_on_all_pairs_of_bytes) {
    for (int a = 0; a < 256; ++a) {
        for (int b = 0; b < 256; ++b) {
            const std::string text = bytes_of({a, b});
            ASSERT_EQ(is_utf8_string(text), is_well_formed(text)) << std::hex << a << ' ' << b;
        }
    }
}

TEST(utf8_string, agrees_with_the_unicode_table_wherever_three_or_four_bytes_begin) {
    for (const int lead : {0xE0, 0xE1, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7}) {
        for (int b = 0x70; b < 0xD0; ++b) {
            for (const int c : {0x00, 0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF}) {
                const std::string three = bytes_of({lead, b, c});
                ASSERT_EQ(is_utf8_string(three), is_well_formed(three)) << std::hex << lead << ' ' << b << ' ' << c;
                for (const int d : {0x2F, 0x7F, 0x80, 0xBF, 0xC0}) {
                    const std::string four = three + bytes_of({d});
                    ASSERT_EQ(is_utf8_string(four), is_well_formed(four)) << std::hex << lead << ' ' << b;
                }
            }
        }
    }
}

TEST(utf8_string, refuses_a_character_that_is_cut) {
    for (const std::uint32_t c : {0x80u, 0x800u, 0x1'0000u}) {
        std::string text = "abc" + encoded(c);
        while (text.size() > 4) {
            text.pop_back();
            EXPECT_FALSE(is_utf8(text)) << text.size();
        }
    }
}

TEST(utf8_string, keeps_the_byte_order_mark_as_a_character) {
    EXPECT_TRUE(is_utf8("\xEF\xBB\xBF"));
    EXPECT_TRUE(is_name("\xEF\xBB\xBFh"));
}

TEST(utf8_string, accepts_control_characters_and_noncharacters) {
    EXPECT_TRUE(is_utf8("\x01\x1F\x7F"));
    EXPECT_TRUE(is_utf8(encoded(0x80) + encoded(0xFFFE) + encoded(0xFFFF) + encoded(0xFDD0)));
}

TEST(utf8_string, may_be_empty_and_65535_bytes_long) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8_string({}));
    EXPECT_TRUE(is_utf8(std::string(65'535, 'x')));
    EXPECT_FALSE(is_utf8(std::string(65'536, 'x')));
}

TEST(utf8_string, finds_one_bad_byte_at_every_place_in_every_length) {
    for (std::size_t size = 1; size <= 40; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (const int bad : {0x00, 0x80, 0xBF, 0xC0, 0xC1, 0xED, 0xF5, 0xFF}) {
                std::string text(size, 'x');
                text[at] = static_cast<char>(bad);
                ASSERT_FALSE(is_utf8(text)) << size << ' ' << at << ' ' << bad;
                ASSERT_FALSE(is_name(text)) << size << ' ' << at << ' ' << bad;
            }
        }
    }
}

// ---- names --------------------------------------------------------------------------------------

TEST(topic_name, is_at_least_one_character) {
    EXPECT_FALSE(is_name(""));
    EXPECT_TRUE(is_name("/"));
    EXPECT_TRUE(is_name(" "));
}

TEST(topic_name, has_no_wildcard_anywhere) {
    for (std::size_t size = 1; size <= 40; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (const char wildcard : {'+', '#'}) {
                std::string text(size, 'x');
                text[at] = wildcard;
                ASSERT_FALSE(is_name(text)) << size << ' ' << at;
                ASSERT_TRUE(is_utf8(text)) << size << ' ' << at;
            }
        }
    }
}

TEST(topic_name, may_hold_every_other_ascii_character) {
    for (int c = 1; c < 128; ++c) {
        if (c == '+' || c == '#') continue;
        for (std::size_t size = 1; size <= 20; ++size)
            ASSERT_TRUE(is_name(std::string(size, static_cast<char>(c)))) << c;
        ASSERT_TRUE(is_name("12345" + std::string(1, static_cast<char>(c)) + "67890")) << c;
    }
}

TEST(topic_name, may_mix_scripts) {
    EXPECT_TRUE(is_name("Gr\xC3\xBC\xC3\x9F"
                        "e/\xE6\xB8\xA9\xE5\xBA\xA6/\xF0\x9F\x8C\xA1"));
    EXPECT_FALSE(is_name("\xE6\xB8\xA9\xE5\xBA\xA6/+"));
    EXPECT_FALSE(is_name("\xE6\xB8\xA9\xE5\xBA\xA6/\xE5\xBA"));
}

TEST(topic_name, is_at_most_65535_bytes_long) {
    EXPECT_TRUE(is_name(std::string(65'535, '/')));
    EXPECT_FALSE(is_name(std::string(65'536, '/')));
}

// ---- filters ------------------------------------------------------------------------------------

TEST(topic_filter, has_wildcards_only_where_they_fill_a_level) {
    for (const char* good : {"a", "/", "#", "+", "/#", "/+", "+/", "a/#", "+/#", "+/+", "a/+/b", "sport/tennis/+",
                             "+/tennis/#", "$SYS/#", "a//b", " ", "$share", "$sharex/a"}) {
        EXPECT_TRUE(is_filter(good)) << good;
    }
    for (const char* bad :
         {"", "a#", "#/a", "a/#/b", "##", "a/##", "a+", "+a", "a/+b", "a/b+/c", "++", "#+", "+#", "a/#/"}) {
        EXPECT_FALSE(is_filter(bad)) << bad;
    }
}

TEST(topic_filter, is_a_string_of_at_most_65535_bytes) {
    EXPECT_FALSE(is_filter("a/\0b"s));
    EXPECT_FALSE(is_filter("a/\xC3"));
    EXPECT_TRUE(is_filter(std::string(65'535, 'x')));
    EXPECT_FALSE(is_filter(std::string(65'536, 'x')));
}

TEST(topic_filter, names_its_share_with_at_least_one_character_and_no_wildcard) {
    for (const char* good :
         {"$share/g/a", "$share/g//", "$share/g/#", "$share/g/+/b", "$share/g/$SYS/#", "$share/g/a/#"}) {
        EXPECT_TRUE(is_filter(good)) << good;
        EXPECT_TRUE(is_shared(good)) << good;
    }
    for (const char* bad : {"$share/", "$share//", "$share//a", "$share/g", "$share/g/", "$share/g+/a", "$share/+/a",
                            "$share/#", "$share/#/a", "$share/g/a#", "$share/g/#/a", "$share/a\xC3/b"}) {
        EXPECT_FALSE(is_filter(bad)) << bad;
    }
    EXPECT_FALSE(is_shared("$share"));
    EXPECT_FALSE(is_shared("$shared/g/a"));
    EXPECT_FALSE(is_shared("a/$share/g"));
}

// ---- matching -----------------------------------------------------------------------------------

struct match {
    const char* filter;
    const char* name;
};

TEST(topic_match, follows_the_examples_of_section_4_7) {
    for (const match m : std::vector<match>{{"sport/tennis/player1/#", "sport/tennis/player1"},
                                            {"sport/tennis/player1/#", "sport/tennis/player1/ranking"},
                                            {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"},
                                            {"sport/#", "sport"},
                                            {"#", "sport"},
                                            {"#", "/"},
                                            {"sport/tennis/+", "sport/tennis/player1"},
                                            {"sport/+", "sport/"},
                                            {"+/+", "/finance"},
                                            {"/+", "/finance"},
                                            {"$SYS/#", "$SYS/broker/load"},
                                            {"$SYS/monitor/+", "$SYS/monitor/Clients"},
                                            {"Accounts payable", "Accounts payable"}}) {
        EXPECT_TRUE(matches(m.filter, m.name)) << m.filter << ' ' << m.name;
    }
    for (const match m : std::vector<match>{{"sport/tennis/+", "sport/tennis/player1/ranking"},
                                            {"sport/tennis/+", "sport/tennis"},
                                            {"sport/+", "sport"},
                                            {"+", "/finance"},
                                            {"#", "$SYS/broker"},
                                            {"+/monitor/Clients", "$SYS/monitor/Clients"},
                                            {"ACCOUNTS", "Accounts"},
                                            {"/finance", "finance"}}) {
        EXPECT_FALSE(matches(m.filter, m.name)) << m.filter << ' ' << m.name;
    }
}

TEST(topic_match, decides_at_every_kind_of_end) {
    EXPECT_TRUE(matches("a/b", "a/b"));
    EXPECT_FALSE(matches("a/b", "a/bc"));
    EXPECT_FALSE(matches("a/bc", "a/b"));
    EXPECT_TRUE(matches("a/+/#", "a/b"));
    EXPECT_TRUE(matches("a/+/#", "a/b/c/d"));
    EXPECT_FALSE(matches("a/+/#", "a"));
    EXPECT_TRUE(matches("a/+/c", "a//c"));
    EXPECT_TRUE(matches("a/+/c", "a/$b/c"));
    EXPECT_TRUE(matches("+/b/+", "a/b/c"));
    EXPECT_FALSE(matches("+/b/+", "a/b"));
    EXPECT_TRUE(matches("a/#", "a/"));
    EXPECT_FALSE(matches("a/#", "ab"));
    EXPECT_TRUE(matches("/#", "/"));
    EXPECT_FALSE(matches("a", ""));
    EXPECT_FALSE(matches("", "a"));
    EXPECT_FALSE(matches("#", ""));
    EXPECT_FALSE(matches("+", ""));
}

TEST(topic_match, looks_at_the_filter_inside_a_shared_one) {
    EXPECT_TRUE(matches("$share/group/a/+", "a/b"));
    EXPECT_FALSE(matches("$share/group/a/+", "group/a/b"));
    EXPECT_FALSE(matches("$share/group/#", "$SYS/broker"));
    EXPECT_TRUE(matches("$share/group/$SYS/#", "$SYS/broker"));
    EXPECT_TRUE(matches("$share/group//a", "/a"));
}

}  // namespace
}  // namespace mqtt_as
