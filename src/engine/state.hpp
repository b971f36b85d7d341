// The engine's state: every fact it keeps, and the transitions between its phases.
//
// Theory of operation.
//
//   stopped --start--> opening --on_opened--> handshake --CONNACK--> online --stop--> draining --> leaving
//      ^                 ^  |                    |                     |                              |
//      |                 |  +---------+----------+----------+----------+------------------------------+
//      |              waiting         |  the connection ends: on_closed; or we end it (close command)
//      |                 ^            v
//      +---- after ------+-------- closing (until on_closed, which the front always sends)
//
// `leaving` sends DISCONNECT and waits for the transport to take it. How a connection ends is decided once, by
// `end_connection`; what comes then is in `after_` and is done by `connection_over`, when the transport holds none of
// our bytes any more.
#pragma once

#include "mqtt_as/engine.hpp"
#include "src/engine/direct.hpp"
#include "src/engine/inbox.hpp"
#include "src/engine/memory.hpp"
#include "src/engine/operations.hpp"
#include "src/engine/outbox.hpp"
#include "src/engine/subscriptions.hpp"
#include "src/engine/supervisor.hpp"
#include "src/engine/timers.hpp"
#include "src/wire/protocol.hpp"

namespace mqtt_as {

/// The will of a configuration, as CONNECT carries it.
inline wire::will packet_of(const engine_will& w) {
    return {.topic = w.topic,
            .payload = w.payload,
            .qos = w.qos,
            .retain = w.retain,
            .delay_interval = w.delay_interval,
            .properties = *w.properties};
}

struct engine::state {
    using phase = status::phase;

    state(const engine_config& config, const limits& limits, memory_source& memory, std::uint64_t seed);
    ~state();

    // ---- requests (engine.cpp, engine_requests.cpp) -------------------------------------------------------
    errc start(time_point now, bool retry);
    void stop(time_point now, duration grace);
    void close(time_point now);
    submitted publish(time_point now, const publish_request&);
    submitted subscribe(time_point now, const subscription&);
    submitted unsubscribe(time_point now, const unsubscription&);
    cancel_result cancel(time_point now, op_id, cancel_scope);
    void acknowledge(time_point now, acknowledge_id);
    bool drop_oldest_qos0(time_point now);

    // ---- phases (engine.cpp) ------------------------------------------------------------------------------
    void enter(time_point now, phase p, stage at);
    void open(time_point now);
    enum class after : std::uint8_t { retry, reopen, give_up, stop };
    /// Ends the connection or attempt: reports it, says goodbye where the version can, closes. `lost`: the transport is
    /// gone already.
    void end_connection(time_point now, disconnected why, bool lost = false);
    void end_by_violation(time_point now, violation v);
    void leave(time_point now, reason_code reason);
    void close_transport(time_point now);
    void connection_over(time_point now);
    void wait(time_point now);
    void finish_stop(time_point now);
    void check_drained(time_point now);
    void go_online(time_point now, const wire::connack&);

    // ---- what becomes of operations (engine_requests.cpp) -------------------------------------------------
    bool may_go_direct(const publish_request&) const;
    [[gnu::noinline]] submitted publish_directly(const publish_request&);
    [[gnu::noinline]] submitted publish_operation(time_point now, const publish_request&);
    void turn_direct_into_operations();
    operation* find(op_id);
    errc room_for(std::size_t payload_size) const;
    errc refusing() const;
    errc sendable_now(operation& op);
    submitted submit(time_point now, operation& op, duration timeout);
    void end_wait(time_point now, operation& op, errc error);
    /// The end of `op`: reported, and its packet done.
    void complete(time_point now, operation& op, errc error, reason_code reason) {
        const bool is_simple = op.what == operation::kind::publish && !op.has_deadline();
        if (!is_simple) settle(now, op, error, reason);
        in_flight_ -= op.counted;
        op.counted = false;
        ops.report_and_finish(op, error, reason);
    }
    [[gnu::noinline]] void settle(time_point now, operation& op, errc error, reason_code reason);
    void settle_subscribe(time_point now, operation& op, errc error, reason_code reason);
    bool has_joined(const operation& carrier) const;
    operation* make_subscribe(const subscription&, bool internal);
    bool is_superseded(operation& op) const;
    void requeue_after_loss(time_point now);
    void lose_session(time_point now);
    void doubt_session();
    bool renew_filters(bool all);
    bool renew(wanted&);
    void count_renewals();
    void report_all(errc error);

    // ---- bytes in (engine_receive.cpp) --------------------------------------------------------------------
    taken on_bytes(time_point now, bytes in);
    std::size_t take_bare_acknowledgements(time_point now, bytes in);
    operation* answered_by(wire::packet_type, std::uint16_t packet_id);
    taken assemble(time_point now, bytes in);
    /// CONNACK, and nothing else, before we are connected [MQTT-3.2.0-1].
    bool is_expected(wire::packet_type t) const {
        return (phase_ == phase::handshake) == (t == wire::packet_type::connack) && !connect_due_;
    }
    void on_packet(time_point now, wire::packet_type, std::uint8_t flags, bytes body);
    void on_connack(time_point now, bytes body);
    void on_publish(time_point now, std::uint8_t flags, bytes body);
    void on_acknowledgement(time_point now, wire::packet_type, bytes body);
    void on_subscription_acknowledgement(time_point now, wire::packet_type, bytes body);
    void release(operation& op);
    void on_answer(time_point now, operation& op, wire::packet_type, reason_code);
    void drop_assembly();

    // ---- bytes out (engine_send.cpp) ----------------------------------------------------------------------
    std::size_t poll_transmit(time_point now, std::span<bytes> gather);
    void stage_connect();
    void stage_disconnect();
    void stage_online(time_point now);
    bool stage_acknowledgement(wire::packet_type, std::uint16_t packet_id, reason_code);
    bool stage_publish(time_point now, operation& op);
    bool stage_control(time_point now, operation& op);
    /// What the server's CONNACK rules out.
    errc unsendable(std::size_t size, std::uint8_t qos, bool retain) const {
        if (size > agreed_.maximum_packet_size) return errc::too_large;
        if (qos > agreed_.maximum_qos) return errc::unsupported_by_server;
        if (retain && !agreed_.retain_available) return errc::unsupported_by_server;
        return errc::ok;
    }
    errc unsendable(const operation& op) const { return unsendable(op.wire_size(), op.qos, op.retain); }
    void on_sent(time_point now, std::size_t size);
    void on_staged_sent(time_point now, operation& op);

    // ---- time (engine_time.cpp) ---------------------------------------------------------------------------
    void on_time(time_point now);
    void judge_silence(time_point now);
    bool judge_acknowledgement(time_point now, operation_list& list);
    std::optional<time_point> acknowledgement_due(const operation_list& list) const;
    std::optional<time_point> ping_answer_due() const;
    std::optional<time_point> deadline() const;
    /// A sign of life: silence, if it begins, begins now. What was not awaited before is not awaited now.
    void on_life(time_point now) {
        if (silent_since_ || life_due_) begin_silence_anew(now);
    }
    void begin_silence_anew(time_point now);
    bool awaits_answer() const;
    void on_round_trip(duration measured);
    /// Something must come within a few round trips.
    void demand_life(time_point now);
    void replace_connection(time_point now);
    /// Old moments are kept comparable: the clock wraps.
    void refresh_old(time_point now);

    bool has_transport() const { return phase_ != phase::stopped && phase_ != phase::waiting; }
    bool is_online() const { return phase_ == phase::online; }
    bool is_connected() const { return phase_ == phase::online || phase_ == phase::draining; }
    bool keeps_session() const { return !config.clean; }
    void check() const;

    // ---- given at construction ----------------------------------------------------------------------------
    const engine_config config;
    const limits limit;
    const wire::protocol& wire;
    memory_source& source;
    pool memory;
    random_source random;
    mqtt_as::supervisor supervisor;

    // ---- the parts: data and small decisions ----------------------------------------------------------------
    operations ops;
    direct_publishes direct;
    mqtt_as::outbox outbox;
    mqtt_as::inbox inbox;
    mqtt_as::subscriptions filters;
    mqtt_as::timers timers;
    counters count;

    // ---- phase ----------------------------------------------------------------------------------------------
    phase phase_ = phase::stopped;
    bool leaving_ = false;  // closing, but DISCONNECT is still to be taken by the transport
    stage stage_ = stage::idle;
    after after_ = after::retry;  // what follows when the transport is gone
    epoch epoch_ = 0;
    time_point since_;        // of the phase
    time_point until_;        // waiting: next attempt; opening, handshake: limit of the stage; draining: end of grace;
                              // leaving: limit
    time_point link_since_;   // when it came or went
    duration round_trip_{0};  // measured last, on any connection; 0: never
    bool accepting_ = true;   // until `stop`
    bool closed_ = false;     // by `close`, for good
    bool retry_first_ = false;  // `start` asked for it
    bool was_online_ = false;   // since `start`
    bool link_up_ = true;
    bool at_cap_ = false;    // the next wait is at the back-off's cap
    bool open_due_ = false;  // commands that wait to be taken
    bool close_due_ = false;
    std::optional<time_point> outage_since_;
    std::optional<disconnected> last_error_;

    // ---- events that wait to be taken: at most one of each kind, in this order ---------------------------------
    enum notice : std::uint8_t {
        tell_disconnected = 1,
        tell_gave_up = 2,
        tell_waiting = 4,
        tell_connected = 8,
        tell_refusals = 16,
        tell_renewed = 32,
        tell_stopped = 64
    };
    std::uint8_t notices_ = 0;
    void tell(notice n) { notices_ = static_cast<std::uint8_t>(notices_ | n); }
    void keep_quiet(unsigned which) { notices_ = static_cast<std::uint8_t>(notices_ & ~which); }
    bool take(notice n) {
        if ((notices_ & n) == 0) return false;
        keep_quiet(n);
        return true;
    }
    std::optional<event> poll_notice();
    duration wait_for_{};
    bool session_present_ = false;
    bool first_connection_ = false;

    // ---- session --------------------------------------------------------------------------------------------
    bool have_session_ = false;  // the server keeps state that we know: from the first connection on
    bool ever_online_ = false;
    bool clean_start_ = false;  // sent with the last CONNECT
    bool wiping_ = false;       // 3.1.1: this connection only ends the old session
    bool wiped_ = false;
    std::uint32_t connects_unanswered_ = 0;  // CONNECTs since the last accepting CONNACK
    growing<char> assigned_client_id_;
    std::uint16_t assigned_client_id_size_ = 0;

    // ---- the connection ---------------------------------------------------------------------------------------
    wire::negotiated agreed_;
    std::uint32_t in_flight_ = 0;  // publishes that use the server's receive maximum
    std::uint32_t next_order_ = 0;
    std::uint32_t renewals_pending_ = 0;
    bool connect_due_ = false;
    bool disconnect_due_ = false;
    bool ping_due_ = false;
    bool ping_outstanding_ = false;
    std::uint32_t ping_end_ = 0;  // where PINGREQ ends in the batch; 0: none
    reason_code goodbye_{};       // of DISCONNECT
    duration ping_interval_{};
    time_point ping_at_;
    time_point ping_sent_at_;
    time_point last_received_;
    std::optional<time_point> life_due_;      // the network changed: without a sign of life until then it is replaced
    time_point judging_since_;                // no acknowledgement is missed for what came before: we did not read, or
                                              // the peer's TCP was still taking what we had sent
    bool is_draining_ = false;                // it was when we looked last, and nothing has been received since
    std::optional<time_point> silent_since_;  // set while an answer is due
    bool silent_by_write_ = false;            // ... only because a write is under way: begins anew when it is through
    bool probed_ = false;

    // ---- the packet that arrives in pieces ----------------------------------------------------------------------
    std::uint8_t* assembly_ = nullptr;
    std::size_t assembly_size_ = 0;  // of the whole packet
    std::size_t assembled_ = 0;
    bool assembly_used_ = false;  // given out in the last call: its views are valid until this one
    std::uint8_t header_[wire::fixed_header_max] = {};
    std::uint8_t header_size_ = 0;
    property_view properties_;           // of the packet just read
    wire::publish arrived_;              // the message in it
    const message* received_ = nullptr;  // ... when it is for the application
};

// ---- what happens to every message, inline ------------------------------------------------------------------

/// The server's answer to `op`, in a place where it was due. PUBREL goes in the order of PUBREC [MQTT-4.6.0-4], also
/// when the transport reports only later that it took the PUBLISH.
inline void engine::state::on_answer(time_point now, operation& op, wire::packet_type type, reason_code reason) {
    const bool releases = type == wire::packet_type::pubrec && !is_failure(reason);
    if (op.now_in == operation::state::staged || op.now_in == operation::state::release_staged) {
        // The transport may still be reading the packet's bytes: it is settled when the last one is taken.
        if (op.answered_early) return;
        if (releases) op.order = next_order_++;
        op.answered_early = true;
        op.early_type = type;
        op.early_reason = reason;
        return;
    }
    if (releases) {
        op.order = next_order_++;
        return release(op);
    }
    // Once PUBREC has come the message is the server's: whatever PUBCOMP says, it has arrived.
    op.done.properties = properties_;
    const bool refused = is_failure(reason) && type != wire::packet_type::pubcomp;
    complete(now, op, refused ? errc::refused : errc::ok, reason);
}

/// The transport has taken the last byte of `op`.
inline void engine::state::on_staged_sent(time_point now, operation& op) {
    op.sent_at = now;
    const bool answered = op.answered_early;
    op.answered_early = false;
    if (op.now_in == operation::state::release_staged) {
        ops.move(op, operation::state::releasing);
    } else if (op.what == operation::kind::publish && op.qos == 0) {
        return complete(now, op, errc::ok, reason_code::success);
    } else {
        ops.move(op, operation::state::awaiting);
    }
    if (!answered) return;
    if (op.early_type == wire::packet_type::pubrec && !is_failure(op.early_reason))
        release(op);
    else
        on_answer(now, op, op.early_type, op.early_reason);
}

}  // namespace mqtt_as
