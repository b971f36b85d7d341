// What images need of the C library and of the compiler's own, written for size: Debian's is written for speed, and
// takes six times as much (1,310 bytes instead of 202).
#include <cstddef>
#include <cstdint>

// Compiled without -flto and without the idea that such loops are calls of these very functions (CMakeLists.txt).
extern "C" {

void* memcpy(void* to, const void* from, std::size_t size) {
    auto* t = static_cast<char*>(to);
    for (const auto* f = static_cast<const char*>(from); size != 0; --size) *t++ = *f++;
    return to;
}

void* memmove(void* to, const void* from, std::size_t size) {
    if (reinterpret_cast<std::uintptr_t>(to) < reinterpret_cast<std::uintptr_t>(from)) return memcpy(to, from, size);
    auto* const t = static_cast<char*>(to);
    for (const auto* const f = static_cast<const char*>(from); size != 0; --size) t[size - 1] = f[size - 1];
    return to;
}

void* memset(void* to, int value, std::size_t size) {
    for (auto* t = static_cast<char*>(to); size != 0; --size) *t++ = static_cast<char>(value);
    return to;
}

int memcmp(const void* a, const void* b, std::size_t size) {
    const auto* x = static_cast<const unsigned char*>(a);
    const auto* y = static_cast<const unsigned char*>(b);
    for (; size != 0; --size, ++x, ++y) {
        if (*x != *y) return *x - *y;
    }
    return 0;
}

void* memchr(const void* in, int value, std::size_t size) {
    for (const auto* at = static_cast<const unsigned char*>(in); size != 0; --size, ++at) {
        if (*at == static_cast<unsigned char>(value)) return const_cast<unsigned char*>(at);
    }
    return nullptr;
}

std::size_t strlen(const char* text) {
    const char* end = text;
    while (*end != 0) ++end;
    return static_cast<std::size_t>(end - text);
}

// A Cortex-M0+ cannot divide. Quotient and remainder come back in two registers, as a number of 64 bits does.

std::uint64_t __aeabi_uidivmod(std::uint32_t dividend, std::uint32_t divisor) {
    std::uint32_t quotient = 0;
    std::uint32_t rest = 0;
    for (int bit = 31; bit >= 0; --bit) {
        const bool carries = rest >> 31 != 0;
        rest = rest << 1 | (dividend >> bit & 1);
        quotient <<= 1;
        if (carries || rest >= divisor) {
            rest -= divisor;
            ++quotient;
        }
    }
    return std::uint64_t{rest} << 32 | quotient;
}

std::uint32_t __aeabi_uidiv(std::uint32_t dividend, std::uint32_t divisor) {
    return static_cast<std::uint32_t>(__aeabi_uidivmod(dividend, divisor));
}

std::uint64_t __aeabi_idivmod(std::int32_t dividend, std::int32_t divisor) {
    const auto size_of = [](std::int32_t n) {
        return n < 0 ? 0u - static_cast<std::uint32_t>(n) : static_cast<std::uint32_t>(n);
    };
    const std::uint64_t both = __aeabi_uidivmod(size_of(dividend), size_of(divisor));
    auto quotient = static_cast<std::uint32_t>(both);
    auto rest = static_cast<std::uint32_t>(both >> 32);
    if ((dividend < 0) != (divisor < 0)) quotient = 0u - quotient;
    if (dividend < 0) rest = 0u - rest;  // as C++ wants it: towards zero
    return std::uint64_t{rest} << 32 | quotient;
}

std::int32_t __aeabi_idiv(std::int32_t dividend, std::int32_t divisor) {
    return static_cast<std::int32_t>(__aeabi_idivmod(dividend, divisor));
}

}  // extern "C"
