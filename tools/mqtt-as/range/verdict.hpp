// Go or no-go: each criterion with what was measured and what was demanded.
#pragma once

#include "tools/mqtt-as/range/survey.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace mqtt_as::cli::range {

/// What is demanded of the radio.
struct demands {
    std::uint64_t lost_max = 0;
    milliseconds p99_max{1'000};
    double down_percent_max = 1;
    milliseconds outage_max{30'000};
    std::uint64_t returned_min = 20;  ///< fewer prove nothing
};

struct criterion {
    std::string name;
    std::string measured;
    std::string demanded;
    bool is_met;
};

struct verdict {
    std::vector<criterion> criteria;

    bool is_go() const;
    /// "GO", or "NO-GO: " and what was not met.
    std::string text() const;
};

verdict judge(const survey&, const demands&);

/// "0.83 ms", "12.4 ms", "1.25 s": three figures.
std::string text_of(span);
std::string text_of(milliseconds);
/// "1 h 12 min", "4 min 5 s", "12.3 s".
std::string long_text_of(milliseconds);
/// "0.84 %".
std::string percent_text(double share);

}  // namespace mqtt_as::cli::range
