// The images' own functions of the C library, which are compiled under other names here, beside the host's.
#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <string>

extern "C" {
void* small_memcpy(void*, const void*, std::size_t);
void* small_memmove(void*, const void*, std::size_t);
void* small_memset(void*, int, std::size_t);
int small_memcmp(const void*, const void*, std::size_t);
void* small_memchr(const void*, int, std::size_t);
std::size_t small_strlen(const char*);
std::uint64_t __aeabi_uidivmod(std::uint32_t, std::uint32_t);
std::uint32_t __aeabi_uidiv(std::uint32_t, std::uint32_t);
std::uint64_t __aeabi_idivmod(std::int32_t, std::int32_t);
std::int32_t __aeabi_idiv(std::int32_t, std::int32_t);
}

namespace {

constexpr int rounds = 20'000;
constexpr std::size_t room = 64;

/// Bytes of few values, so that they are often equal and often 0.
struct small_library : testing::Test {
    std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random); }
    std::array<unsigned char, room> some_bytes() {
        std::array<unsigned char, room> bytes;
        for (unsigned char& each : bytes) each = static_cast<unsigned char>(below(3) * 127);
        return bytes;
    }
    /// Small numbers, and those around the ends of the range.
    std::uint32_t a_number() {
        const auto any = static_cast<std::uint32_t>(random());
        return any >> below(32) ^ (below(2) != 0 ? UINT32_MAX : 0);
    }
    std::mt19937 random{1};
};

int sign(int n) { return (n > 0) - (n < 0); }

TEST_F(small_library, copies_and_moves_as_the_hosts_does) {
    for (int i = 0; i < rounds; ++i) {
        const std::size_t from = below(room);
        const std::size_t to = below(room);
        const std::size_t size = below(room - std::max(from, to) + 1);
        auto expected = some_bytes();
        auto moved = expected;
        std::memmove(expected.data() + to, expected.data() + from, size);
        EXPECT_EQ(small_memmove(moved.data() + to, moved.data() + from, size), moved.data() + to);
        ASSERT_EQ(moved, expected) << from << " to " << to << ", " << size;

        const auto source = some_bytes();
        auto copied = expected;
        std::memcpy(expected.data() + to, source.data() + from, size);
        EXPECT_EQ(small_memcpy(copied.data() + to, source.data() + from, size), copied.data() + to);
        ASSERT_EQ(copied, expected) << from << " to " << to << ", " << size;
    }
}

TEST_F(small_library, sets_compares_and_finds_as_the_hosts_does) {
    for (int i = 0; i < rounds; ++i) {
        const std::size_t at = below(room);
        const std::size_t size = below(room - at + 1);
        const int value = static_cast<int>(below(3) * 127) | static_cast<int>(below(2) * 256);  // its low byte counts
        auto expected = some_bytes();
        auto set = expected;
        std::memset(expected.data() + at, value, size);
        EXPECT_EQ(small_memset(set.data() + at, value, size), set.data() + at);
        ASSERT_EQ(set, expected);

        const auto a = some_bytes();
        auto b = a;
        if (below(2) != 0) b[below(room)] = 0x80;
        ASSERT_EQ(sign(small_memcmp(a.data() + at, b.data() + at, size)),
                  sign(std::memcmp(a.data() + at, b.data() + at, size)));
        ASSERT_EQ(small_memchr(a.data() + at, value, size), std::memchr(a.data() + at, value, size));
    }
}

TEST_F(small_library, counts_text) {
    for (std::size_t size = 0; size < 300; ++size) EXPECT_EQ(small_strlen(std::string(size, '\x80').c_str()), size);
}

TEST_F(small_library, divides_as_the_processor_does) {
    const auto check = [](std::uint32_t dividend, std::uint32_t divisor) {
        if (divisor == 0) return;
        const std::uint64_t both = __aeabi_uidivmod(dividend, divisor);
        ASSERT_EQ(static_cast<std::uint32_t>(both), dividend / divisor) << dividend << " / " << divisor;
        ASSERT_EQ(both >> 32, dividend % divisor) << dividend << " % " << divisor;
        ASSERT_EQ(__aeabi_uidiv(dividend, divisor), dividend / divisor);

        const auto a = static_cast<std::int32_t>(dividend);
        const auto b = static_cast<std::int32_t>(divisor);
        if (a == INT32_MIN && b == -1) return;  // has no quotient
        const std::uint64_t both_signed = __aeabi_idivmod(a, b);
        ASSERT_EQ(static_cast<std::int32_t>(both_signed), a / b) << a << " / " << b;
        ASSERT_EQ(static_cast<std::int32_t>(both_signed >> 32), a % b) << a << " % " << b;
        ASSERT_EQ(__aeabi_idiv(a, b), a / b);
    };
    constexpr std::uint32_t ends[] = {0, 1, 2, 3, INT32_MAX, std::uint32_t{INT32_MAX} + 1, UINT32_MAX - 1, UINT32_MAX};
    for (const std::uint32_t a : ends) {
        for (const std::uint32_t b : ends) check(a, b);
    }
    for (int i = 0; i < rounds; ++i) check(a_number(), a_number());
}

}  // namespace
