// How long something took, millions of times, in 10 KB: counts in buckets that are at most 3 % wide.
#pragma once

#include "tools/mqtt-as/wait.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mqtt_as::cli::range {

class histogram {
public:
    void add(span time);

    std::uint64_t count() const { return count_; }
    span least() const { return least_; }
    span most() const { return most_; }
    /// The least time that at least this share of all did not exceed; `share` is in (0, 1]. Rounded up to its bucket's
    /// end, so never too good, and 0 while there is none.
    span percentile(double share) const;

private:
    // Values below 32 have a bucket each; from there on each doubling has 32.
    static constexpr unsigned fine_bits = 5;
    static constexpr unsigned fine = 1u << fine_bits;
    static constexpr unsigned value_bits = 40;  // 12 days in microseconds
    static std::size_t bucket_of(std::uint64_t value);
    static std::uint64_t last_in(std::size_t bucket);

    std::array<std::uint64_t, (value_bits - fine_bits + 1) * fine> counts_{};
    std::uint64_t count_ = 0;
    span least_{0};
    span most_{0};
};

}  // namespace mqtt_as::cli::range
