// What a client process has used since a moment of its choice.
#pragma once

#include <cstdint>
#include <cstdio>
#include <ctime>

namespace bench {

/// Calls of malloc and its kin by this process, and so of operator new. Always 0 under a sanitizer, which has a heap of
/// its own.
std::uint64_t allocations() noexcept;

class meter {
public:
    void start() {
        allocations_ = allocations();
        cpu_ns_ = cpu_ns();
    }
    void print() const {
        const auto used = static_cast<unsigned long long>(cpu_ns() - cpu_ns_);
        std::printf("%llu %llu\n", used, static_cast<unsigned long long>(allocations() - allocations_));
        std::fflush(stdout);
    }

private:
    static std::uint64_t cpu_ns() {
        timespec t{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
    }

    std::uint64_t allocations_ = 0;
    std::uint64_t cpu_ns_ = 0;
};

}  // namespace bench
