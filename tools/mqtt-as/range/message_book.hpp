// The fate of each numbered message: on its way, back, or lost. Bounded: only messages on their way are kept.
//
// Theory of operation. A message is *on its way* from `send` until it returns, is refused or is judged lost. It may be
// late for many reasons: an outage, a client that repeats it, a broker that waits. It is *lost* only when the broker
// has acknowledged it (before that our client will send it again), we have been connected for a while, and either one
// that was sent later is back (brokers keep the order) or nothing has come for so long that nothing will. A message
// that returns after that is counted as late and no longer as lost.
#pragma once

#include "tools/mqtt-as/range/histogram.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>

namespace mqtt_as::cli::range {

using moment = std::chrono::steady_clock::time_point;

class message_book {
public:
    struct patience {
        std::chrono::milliseconds overtaken{5'000};  ///< for one that a later message has overtaken
        std::chrono::milliseconds silent{30'000};    ///< for one after which nothing has come
    };

    explicit message_book(patience how_long) : patience_(how_long) {}
    message_book() : message_book(patience()) {}

    /// False: too many are on their way for one more.
    bool has_room() const { return on_the_way_.size() < on_the_way_max; }
    /// A new message: its number.
    std::uint64_t send(moment now);
    void acknowledge(std::uint64_t number, moment now);
    /// The broker, or our client, does not take it.
    void refuse(std::uint64_t number);

    enum class arrival : std::uint8_t { first, late, duplicate, unknown };
    struct homecoming {
        arrival what;
        span round_trip{0};
        bool was_held_up = false;  ///< by an outage
    };
    homecoming come_back(std::uint64_t number, moment now);

    /// The connection is lost: what is on its way will be late, through no fault of the radio's quality.
    void go_down();
    /// The connection is back: patience begins anew.
    void come_up(moment now);
    /// Judges who is lost, while we are connected.
    void judge(moment now);

    std::uint64_t sent() const { return next_; }
    std::uint64_t acknowledged() const { return acknowledged_; }
    std::uint64_t returned() const { return returned_; }  ///< each once
    std::uint64_t lost() const { return lost_; }
    std::uint64_t late() const { return late_; }
    std::uint64_t refused() const { return refused_; }
    std::uint64_t duplicates() const { return duplicates_; }
    std::uint64_t held_up() const { return held_up_; }  ///< returned after an outage that they had to wait for
    std::size_t on_the_way() const { return on_the_way_.size(); }
    /// Of those on their way: the broker has them.
    std::size_t awaited() const;
    /// The oldest that has not come back.
    std::optional<moment> oldest() const;

    static constexpr std::size_t on_the_way_max = 1'000;

private:
    struct message {
        std::uint64_t number;
        moment sent;
        std::optional<moment> acknowledged{};
        std::optional<moment> overtaken{};
        bool was_held_up = false;
    };
    std::deque<message>::iterator find(std::uint64_t number);

    // Lost numbers that may still come back: of more losses than this, the oldest can come back as duplicates only.
    static constexpr std::size_t lost_kept_max = 10'000;

    patience patience_;
    std::deque<message> on_the_way_;  // in order of their numbers
    std::set<std::uint64_t> lost_numbers_;
    std::optional<moment> up_since_;
    std::uint64_t next_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t returned_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t late_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t duplicates_ = 0;
    std::uint64_t held_up_ = 0;
};

}  // namespace mqtt_as::cli::range
