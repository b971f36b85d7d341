// All that a field test finds out: told what happens, with the time, it keeps the figures. Knows no client and no
// clock.
#pragma once

#include "mqtt_as/types.hpp"
#include "tools/mqtt-as/range/histogram.hpp"
#include "tools/mqtt-as/range/message_book.hpp"
#include "tools/mqtt-as/range/timeline.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace mqtt_as::cli::range {

/// One loss of the connection. Times count from the beginning.
struct outage {
    milliseconds began{0};                    ///< the client noticed
    milliseconds noticed_after{0};            ///< after the oldest message without an answer was sent
    std::optional<milliseconds> connected{};  ///< again
    std::optional<milliseconds> recovered{};  ///< the first message is back
    std::string why{};

    /// From its beginning to the first message back; of one that is going on, to `now`.
    milliseconds lasted(milliseconds now) const { return recovered.value_or(now) - began; }
};

/// What the client counts itself.
struct client_counts {
    std::uint64_t republications = 0;  ///< repeated on a live connection
    std::uint64_t resent = 0;          ///< repeated after a reconnection
    std::uint64_t discards = 0;        ///< received, and thrown away for want of room
};

struct signal_range {
    int last = 0;
    int weakest = 0;
    int strongest = 0;
};

class survey {
public:
    /// The beginning. There is no connection yet.
    explicit survey(moment now, message_book::patience = {});

    // ---- what happens ---------------------------------------------------------------------
    void up(moment now);
    void down(moment now, std::string why);
    bool may_send() const { return is_up_ && book_.has_room(); }
    std::uint64_t send(moment now);
    void acknowledge(std::uint64_t number, moment now) { book_.acknowledge(number, now); }
    void refuse(std::uint64_t number, std::string why);
    message_book::homecoming come_back(std::uint64_t number, moment now);
    void hear_signal(moment now, int dbm);
    void count(const client_counts& counts) { counts_ = counts; }
    /// Time passes: to be called a few times per second.
    void look(moment now);
    /// No more messages, no more time: the figures stay as they are.
    void end(moment now);

    // ---- what came of it ------------------------------------------------------------------
    const message_book& book() const { return book_; }
    const histogram& round_trips() const { return round_trips_; }  ///< of messages that no outage held up
    std::optional<span> last_round_trip() const { return last_round_trip_; }
    const timeline& past() const { return timeline_; }
    /// Cells of a second each.
    const std::deque<cell>& last_minute() const { return last_minute_; }
    const client_counts& counts() const { return counts_; }
    const std::optional<signal_range>& signal() const { return signal_; }
    milliseconds elapsed() const { return last_look_; }
    /// Without a connection, the time before the first one included.
    milliseconds down_time() const { return down_time_; }
    double down_share() const;
    bool is_up() const { return is_up_; }
    bool was_up() const { return was_up_; }
    std::uint64_t outage_count() const { return outage_count_; }
    /// The last ones; of more than `outages_kept_max` the first are forgotten.
    const std::deque<outage>& outages() const { return outages_; }
    /// The longest from its beginning to the first message back, or so far.
    milliseconds longest_outage() const;
    const std::string& refusal() const { return refusal_; }  ///< the first one

    static constexpr std::size_t outages_kept_max = 200;

private:
    milliseconds since_begin(moment now) const { return std::chrono::duration_cast<milliseconds>(now - begin_); }
    cell& second_of(milliseconds when);

    moment begin_;
    message_book book_;
    histogram round_trips_;
    timeline timeline_;
    std::deque<cell> last_minute_;
    std::int64_t last_second_ = -1;  ///< that of the last cell
    client_counts counts_;
    std::optional<span> last_round_trip_;
    std::optional<signal_range> signal_;
    std::deque<outage> outages_;
    std::uint64_t outage_count_ = 0;
    milliseconds longest_over_{0};  ///< of outages that are over
    milliseconds down_time_{0};
    milliseconds last_look_{0};
    std::string refusal_;
    bool is_up_ = false;
    bool was_up_ = false;
    bool has_ended_ = false;
};

}  // namespace mqtt_as::cli::range
