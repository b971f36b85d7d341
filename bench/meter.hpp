// What a client process has used since a moment of its choice.
#pragma once

#include "bench/rows.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <vector>

namespace bench {

/// Calls of malloc and its kin by this process, and so of operator new. Always 0 under a sanitizer, which has a heap of
/// its own.
std::uint64_t allocations() noexcept;

class meter {
public:
    void start() {
        if (!laps_.empty()) laps_.reserve(100'000);
        laps_.clear();
        allocations_ = allocations();
        cpu_ns_ = now(CLOCK_PROCESS_CPUTIME_ID);
        wall_ns_ = last_lap_ns_ = now(CLOCK_MONOTONIC);
    }
    /// Where the time of each message is wanted: after it.
    void lap() {
        const std::uint64_t t = now(CLOCK_MONOTONIC);
        laps_.push_back(t - last_lap_ns_);
        last_lap_ns_ = t;
    }
    /// One line of names and figures, once.
    void print() {
        const std::uint64_t cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns_;
        const std::uint64_t wall = wall_ns();
        const std::uint64_t allocated = allocations() - allocations_;
        print("cpu_ns", cpu);
        print("wall_ns", wall);
        print("allocations", allocated);
        if (!laps_.empty()) {
            std::nth_element(laps_.begin(), laps_.begin() + static_cast<std::ptrdiff_t>(laps_.size() / 2), laps_.end());
            print("p50_ns", laps_[laps_.size() / 2]);
        }
        std::printf("\n");
        std::fflush(stdout);
    }
    std::uint64_t wall_ns() const { return now(CLOCK_MONOTONIC) - wall_ns_; }
    static void print(const char* name, std::uint64_t value) {
        std::printf("%s %llu ", name, static_cast<unsigned long long>(value));
    }

private:
    static std::uint64_t now(clockid_t clock) {
        timespec t{};
        ::clock_gettime(clock, &t);
        return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
    }

    std::uint64_t allocations_ = 0;
    std::uint64_t cpu_ns_ = 0;
    std::uint64_t wall_ns_ = 0;
    std::uint64_t last_lap_ns_ = 0;
    std::vector<std::uint64_t> laps_;
};

/// Meters a load: from behind its warm-up to the last message.
class load_meter : public meter {
public:
    explicit load_meter(const load& l) : warm_up_(l.warm_up), total_(l.total()) {}

    /// One more message is done. True for the last one: the figures have been printed.
    bool one_more() {
        ++done_;
        if (done_ == warm_up_) start();
        if (done_ != total_) return false;
        print();
        return true;
    }
    std::uint32_t done() const { return done_; }

private:
    const std::uint32_t warm_up_;
    const std::uint32_t total_;
    std::uint32_t done_ = 0;
};

}  // namespace bench
