// The simulator's front: the pump of engine.hpp's first comment, between an engine and the simulated network.
#pragma once

#include "mqtt_as/engine.hpp"
#include "mqtt_as/upload_watch.hpp"
#include "tests/sim/faults.hpp"
#include "tests/sim/judge.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/oracle.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <variant>

namespace mqtt_as::sim {

/// An operation reported earlier is done: the other report of `op_done`.
struct released {
    op_id id;
};
/// All that an engine may have to tell, in one.
using any_event = std::variant<op_done, released, message, connected, renewed, renewal_refused, disconnected, waiting,
                               gave_up, stopped>;

struct front_options {
    std::uint64_t write_ms = 0;  // a write completes this much later; the next batch grows meanwhile
    std::size_t read_size = 16u << 10;
    bool looks_at_progress = true;   // as hosts do: TCP_INFO
    duration response_time{10'000};  // as the engine is told
    unsigned old_epoch_percent = 0;  // turns that also bring inputs of an older connection
};

class front {
public:
    front(schedule&, random_source, judge&, trace&, tally&, oracle&, network&, engine&, front_options, const limits&,
          std::uint8_t level, std::uint16_t keep_alive_s);

    std::function<void(const any_event&)> on_event;
    /// Runs behind every drain of events: what the application decided while hearing them.
    std::function<void()> on_drained;

    /// Something may have changed: a turn at this moment.
    void wake();
    /// Behind each call of the engine by the application.
    void after_call();
    /// The process is stopped (SIGSTOP, suspend): nothing happens on this side.
    void sleep_for(std::uint64_t ms);
    /// The process was started again: another engine in the place of the old one, which counts its connections anew.
    void begin_again(front_options, const limits&, std::uint16_t keep_alive_s);
    /// The machine has slept, and the clock says so.
    void resume();
    moment awake_at() const { return asleep_until_; }
    void set_link(bool up);
    /// Another way with another address: the current connection can never be heard of again.
    void change_address();
    void sabotage_with(sabotage s) { sabotage_ = s; }

    std::uint64_t timer_calls() const { return timer_calls_; }

private:
    void turn();
    void take_notices();
    void read();
    void judge_timer();
    bool perform_commands();
    bool transmit();
    void finish_write(epoch, std::uint64_t sum);
    void give(epoch, std::span<const bytes>);
    void tap(epoch, std::span<const bytes>, std::size_t taken);
    void judge_keep_alive();
    void judge_limits();
    void disturb();
    void drain();
    void hear(const any_event&);
    void record(const any_event&);
    void note_phase();
    void arm();

    schedule& time_;
    random_source random_;
    judge& judge_;
    trace& trace_;
    tally& tally_;
    oracle& oracle_;
    network& network_;
    engine& engine_;
    front_options options_;
    limits limits_;
    std::uint8_t level_;
    std::uint16_t keep_alive_s_;  // configured; the broker may replace it
    sabotage sabotage_ = sabotage::none;

    // Connections of this process are numbered from 1 by its engine, in the world from here on.
    epoch earlier_ = 0;
    epoch in_world(epoch of_engine) const { return of_engine + earlier_; }
    epoch of_engine(epoch in_world) const { return in_world - earlier_; }

    bool is_turn_due_ = false;
    moment asleep_until_ = 0;
    moment armed_for_ = never;
    const message* received_ = nullptr;  // by the last call of on_bytes
    byte_string read_;                   // views into it live until the next on_bytes
    bool is_writing_ = false;
    std::array<bytes, 8> gather_;  // what is being written
    std::size_t gathered_ = 0;
    bool was_blocked_ = false;  // since the last byte was taken
    moment last_sent_ = 0;
    std::uint64_t keep_alive_ms_ = 0;  // in force; 0: none
    upload_watch upload_;
    epoch tapped_ = 0;
    byte_string tap_;  // what the transport took and is not yet a whole packet
    status::phase phase_{};
    std::uint64_t timer_calls_ = 0;
    moment timer_moment_ = 0;
    unsigned timer_at_moment_ = 0;
    moment timer_second_ = 0;
    unsigned timer_in_second_ = 0;
    bool is_draining_ = false;
};

}  // namespace mqtt_as::sim
