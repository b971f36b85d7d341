// Buckets by the highest bits of a value.
#include "tools/mqtt-as/range/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace mqtt_as::cli::range {

std::size_t histogram::bucket_of(std::uint64_t value) {
    if (value < fine) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - fine_bits - 1;
    return std::size_t{shift} * fine + (value >> shift);
}

std::uint64_t histogram::last_in(std::size_t bucket) {
    if (bucket < fine) return bucket;
    const std::size_t shift = bucket / fine - 1;
    return ((std::uint64_t{bucket % fine} + fine + 1) << shift) - 1;
}

void histogram::add(span time) {
    constexpr auto value_max = (std::int64_t{1} << value_bits) - 1;
    const auto value = static_cast<std::uint64_t>(std::clamp<std::int64_t>(time.count(), 0, value_max));
    ++counts_[bucket_of(value)];
    least_ = count_ == 0 ? time : std::min(least_, time);
    most_ = std::max(most_, time);
    ++count_;
}

span histogram::percentile(double share) const {
    if (count_ == 0) return span(0);
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
        seen += counts_[bucket];
        if (seen >= std::max<std::uint64_t>(rank, 1)) {
            return std::min(span(static_cast<std::int64_t>(last_in(bucket))), most_);
        }
    }
    return most_;
}

}  // namespace mqtt_as::cli::range
