// What happened when, from the beginning to now, in a bounded number of cells: when they are all used, neighbours
// become one and each is twice as long.
#pragma once

#include "tools/mqtt-as/range/histogram.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace mqtt_as::cli::range {

using milliseconds = std::chrono::milliseconds;

/// A stretch of time.
struct cell {
    std::uint32_t sent = 0;
    std::uint32_t returned = 0;
    span quickest{0};  ///< round trip; of those that no outage held up
    span slowest{0};
    span sum{0};
    std::uint32_t timed = 0;  ///< round trips in `sum`
    milliseconds down{0};
    std::optional<int> weakest;  ///< signal [dBm]

    bool is_silent() const { return timed == 0; }
    span mean() const { return timed == 0 ? span(0) : sum / timed; }
    void add(span round_trip);
    void merge(const cell& next);
};

class timeline {
public:
    /// An even number.
    explicit timeline(std::size_t cells_max = 720, milliseconds width = std::chrono::seconds(1))
        : cells_max_(cells_max), width_(width) {}

    // Times count from the beginning.
    void add_sent(milliseconds when);
    void add_returned(milliseconds when);
    void add_round_trip(milliseconds when, span time);
    void add_down(milliseconds from, milliseconds to);
    void add_signal(milliseconds when, int dbm);

    /// How much time a cell stands for.
    milliseconds width() const { return width_; }
    const std::vector<cell>& cells() const { return cells_; }

private:
    cell& at(milliseconds when);

    std::size_t cells_max_;
    milliseconds width_;
    std::vector<cell> cells_;
};

}  // namespace mqtt_as::cli::range
