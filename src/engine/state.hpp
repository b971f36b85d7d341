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
#include "src/engine/assembly.hpp"
#include "src/engine/direct.hpp"
#include "src/engine/facts.hpp"
#include "src/engine/inbox.hpp"
#include "src/engine/memory.hpp"
#include "src/engine/operations.hpp"
#include "src/engine/outbox.hpp"
#include "src/engine/subscriptions.hpp"
#include "src/engine/timers.hpp"
#include "src/wire/protocol.hpp"

namespace mqtt_as {

/// Which version is spoken: what the configuration says, or the only one that this build has.
class either_protocol {
public:
    explicit either_protocol(const engine_config& config) : protocol_(config.protocol) {}
    const wire::protocol* operator->() const { return protocol_; }
    const wire::protocol& operator*() const { return *protocol_; }

private:
    const wire::protocol* protocol_;
};
class only_protocol {
public:
    explicit only_protocol(const engine_config&) {}
    const wire::protocol* operator->() const { return &wire::v3_1_1; }
    const wire::protocol& operator*() const { return wire::v3_1_1; }
};

/// What is given at construction, and the parts: data and small decisions. What is asked often lies first.
struct parts {
    /// `memory`: on boards the rest of the block.
    parts(const engine_config& config_, const limits& limits, memory_source& source, std::span<std::uint8_t> memory)
        : outbox(ops.memory, limits), config(config_), limit(limits), wire(config),
          ops(source, memory.data(), memory.size(), limit) {}

    mqtt_as::outbox outbox;
    const engine_config& config;
    const limits& limit;
    [[no_unique_address]] std::conditional_t<profile::only_v3_1_1, only_protocol, either_protocol> wire;
    mqtt_as::subscriptions filters;
    operations ops;
};
struct more_parts {
    more_parts(pool& memory, const limits& limit)
        : inbox(memory, limit), assembly(memory, limit), timers(memory, limit), direct(memory, limit) {}

    mqtt_as::inbox inbox;
    mqtt_as::assembly assembly;
    [[no_unique_address]] mqtt_as::timers timers;
    [[no_unique_address]] std::conditional_t<profile::is_board, no_direct_publishes, direct_publishes> direct;
};

struct engine::state : facts, parts, moments, more_parts, rare_facts {
    using place = operation::place;
    using size_type = profile::size_type;

    /// `size`: of its block.
    state(const engine_config& config, const limits& limits, memory_source& source, std::uint64_t seed,
          std::size_t size);
    ~state();
    /// What is taken from the memory source at construction.
    static std::size_t block_size(const limits&);
    std::span<std::uint8_t> rest_of_block(std::size_t size) {
        return {reinterpret_cast<std::uint8_t*>(this + 1), size - sizeof(state)};
    }

    /// The same engine, for what happens at `now`.
    state* at(time_point now) {
        now_ = now;
        return this;
    }

    // ---- requests (engine.cpp, engine_requests.cpp) -------------------------------------------------------
    errc start(bool retry);
    void stop(duration grace);
    void close();
    submitted publish(const publish_request&);
    submitted request(operation::kind what, const subscription&);
    cancel_result cancel(op_id, cancel_scope);
    void acknowledge(acknowledge_id);
    bool drop_oldest_qos0();
    void disown(op_id);

    // ---- the world (engine.cpp) ---------------------------------------------------------------------------
    void on_link(bool up);
    void on_stage(stage at);
    void on_opened();
    void on_closed(errc error, int transport_error, bool can_retry_help);
    void on_peer_progress();
    status look() const;

    // ---- phases (engine.cpp) ------------------------------------------------------------------------------
    void enter(phase p, stage at);
    void open();
    /// Ends the connection or attempt as `last_` says: reports it, says goodbye where the version can, closes. `lost`:
    /// the transport is gone already.
    void end_connection(bool lost = false);
    void end_connection(errc error, reason_code reason = {}, violation why = {});
    void end_by_violation(violation v) { end_connection(errc::protocol_violation, {}, v); }
    void replace_connection();
    [[gnu::noinline]] void leave(reason_code reason);
    void close_transport();
    void connection_over();
    void wait();
    void finish_stop();
    void end_all();
    void check_drained();
    void go_online(const wire::connack&);
    std::optional<event> poll_notice();

    // ---- what becomes of operations (engine_requests.cpp) -------------------------------------------------
    bool may_go_direct(const publish_request&) const;
    [[gnu::noinline]] submitted publish_directly(const publish_request&);
    [[gnu::noinline]] submitted publish_operation(const publish_request&);
    errc make_publish(const publish_request&, operation*& made);
    errc make_wanted(operation::kind what, const subscription&, operation*& made);
    errc make_request(operation::kind what, const subscription&, bool internal, operation*& made);
    void turn_direct_into_operations();
    operation* find(op_id);
    errc room_for(std::size_t payload_size) const;
    bool is_offered(const subscription&) const;
    errc limit_wait(operation& op, duration timeout);
    void end_wait(operation& op, errc error);
    /// The end of `op`: reported, and its packet done.
    void complete(operation& op, errc error, reason_code reason = reason_code::success) {
        const bool is_simple = profile::prefers_speed && op.is_publish() && !op.has_deadline;
        if (!is_simple) settle(op, error, reason);
        if (has_quota_ever) {
            if (op.counted) --in_flight_;
            op.counted = false;
        }
        ops.report_and_finish(op, error, reason);
    }
    [[gnu::noinline]] void settle(operation& op, errc error, reason_code reason);
    void settle_subscribe(operation& op, errc error, reason_code reason);
    bool has_joined(const operation& carrier) const;
    bool is_superseded(operation& op) const;
    void requeue_after_loss(operation& op);
    [[gnu::noinline]] void requeue(operation& op);
    void lose_session();
    void doubt_session();
    void want_renewals(bool all);
    void renew_filters();
    void on_renewed();
    void report_all(errc error);

    // ---- bytes in (engine_receive.cpp) --------------------------------------------------------------------
    taken on_bytes(bytes in);
    std::size_t take_bare_acknowledgements(bytes in);
    operation* answered_by(wire::packet_type, std::uint16_t packet_id);
    taken assemble(bytes in);
    /// CONNACK, and nothing else, before we are connected [MQTT-3.2.0-1].
    bool is_expected(wire::packet_type t) const {
        return (phase_ == phase::handshake) == (t == wire::packet_type::connack) && !connect_due_;
    }
    void on_packet(wire::packet_type, std::uint8_t flags, bytes body);
    const message* message_read() { return has_message_ ? &message_out() : nullptr; }
    violation take_packet(wire::packet_type, std::uint8_t flags, bytes body);
    /// Apart, so that what is rare takes no stack from all others.
    [[gnu::noinline]] violation on_connack(bytes body);
    void on_pingresp();
    violation on_publish(std::uint8_t flags, bytes body);
    violation on_answer(wire::packet_type, bytes body);
    void release(operation& op);
    void on_answer(operation& op, reason_code, bool is_late = false);

    // ---- bytes out (engine_send.cpp) ----------------------------------------------------------------------
    std::size_t poll_transmit(std::span<bytes> gather);
    void stage_connect();
    void stage_online();
    bool stage_short_packet(wire::packet_type, std::uint16_t packet_id, reason_code);
    void release_orphans();
    bool stage_all(place where);
    bool stage_operation(operation& op);
    /// What the server's CONNACK rules out.
    errc unsendable(std::size_t size, std::uint8_t qos, bool retain) const {
        if constexpr (profile::only_v3_1_1) return errc::ok;  // CONNACK says nothing of the kind
        return profile::prefers_speed ? judge_size_and_flags(size, qos, retain) : unsendable_by_call(size, qos, retain);
    }
    [[gnu::noinline]] errc unsendable_by_call(std::size_t size, std::uint8_t qos, bool retain) const {
        return judge_size_and_flags(size, qos, retain);
    }
    errc judge_size_and_flags(std::size_t size, std::uint8_t qos, bool retain) const {
        if (!agreed_.allows(size)) return errc::too_large;
        if (qos > agreed_.maximum_qos || (retain && !agreed_.offers(property_id::retain_available)))
            return errc::unsupported_by_server;
        return errc::ok;
    }
    errc unsendable(const operation& op) const { return unsendable(op.wire_size(), op.qos, op.retain); }
    void on_sent(std::size_t size);
    void on_staged_sent(operation& op);

    // ---- time (engine_time.cpp) ---------------------------------------------------------------------------
    void on_time();
    /// What is due next, and when.
    struct due {
        enum class what : std::uint8_t { nothing, operation, phase, ping, life, silence, ping_answer, acknowledgement };
        what which = what::nothing;
        operation* op = nullptr;  // operation, acknowledgement: whose
        time_point at;
        /// Takes the place of what was considered until now when it comes before that.
        void consider(time_point t, what w, operation* o = nullptr) {
            if (which != what::nothing && !(t < at)) return;
            at = t;
            which = w;
            op = o;
        }
    };
    due first_due();
    void consider_acknowledgement(due& first, operation& op);
    void perform(const due&);
    /// False: nobody says how many unfinished messages the server takes. Boards have not got too many.
    bool has_quota() const { return profile::is_board || wire->has_receive_maximum; }
    /// Where 3.1.1 alone is spoken on a board nothing need be counted.
    static constexpr bool has_quota_ever = !(profile::is_board && profile::only_v3_1_1);
    /// It will use the quota. Without one it is ours, of qos 2 alone: servers forget what they were sent of qos 1.
    bool counts(const operation& op) const { return has_quota_ever && op.qos >= (has_quota() ? 1 : 2) && !op.counted; }
    bool asks_again(const operation& op) const { return wire->may_resend_while_connected && op.is_publish(); }
    /// How long an acknowledgement may be missing in all.
    duration patience() const { return config.response_time * (static_cast<std::int32_t>(config.max_repubs) + 1); }
    void judge_acknowledgement(operation& op);
    void judge_silence();
    /// A sign of life: silence, if it begins, begins now. What was not awaited before is not awaited now.
    void on_life() {
        if (is_silent_ || life_is_due_) begin_silence_anew();
    }
    void begin_silence_anew();
    bool has_unanswered() const;
    bool awaits_answer() const { return has_unanswered() || ping_outstanding_; }
    void on_round_trip(duration measured);
    duration ping_interval() const;
    /// Something must come within a few round trips.
    void demand_life();
    /// Old moments are kept comparable: the clock wraps.
    void refresh_old();

    bool has_transport() const { return phase_ != phase::stopped && phase_ != phase::waiting; }
    bool is_online() const { return phase_ == phase::online; }
    bool is_connected() const { return phase_ == phase::online || phase_ == phase::draining; }
    bool keeps_session() const { return !config.clean; }
    void check() const;

    random_source random;
    memory_source& source;
    [[no_unique_address]] wire::kept_limits agreed_;  // by the last CONNACK that accepted us
    // The message and the report that were handed out last. On boards they have one place: the report ends the message.
    static constexpr std::size_t report_at = profile::is_board ? 0 : sizeof(wire::publish);
    wire::publish& message_out() { return *reinterpret_cast<wire::publish*>(out_); }
    op_done& report_out() { return *reinterpret_cast<op_done*>(out_ + report_at); }
    alignas(wire::publish) alignas(
        op_done) std::byte out_[std::max(sizeof(wire::publish), report_at + sizeof(op_done))];
};

// ---- what happens to every message, inline ------------------------------------------------------------------

/// The server's answer to `op`, in a place where it was due. PUBREL goes in the order of PUBREC [MQTT-4.6.0-4], also
/// when the transport reports only later that it took the PUBLISH (`is_late`).
inline void engine::state::on_answer(operation& op, reason_code reason, bool is_late) {
    const bool releases = profile::qos_max == 2 && op.qos == 2 && !op.released && !is_failure(reason);
    if (op.now_in == place::batch && op.answered_early) return;
    if (releases && !is_late) ops.come_last(op);
    if (op.now_in == place::batch) {
        // The transport may still be reading the packet's bytes: it is settled when the last one is taken.
        op.answered_early = true;
        op.early_reason = reason;
        return;
    }
    if (releases) return release(op);
    op.answered = !is_late;
    // Once PUBREC has come the message is the server's: whatever PUBCOMP says, it has arrived.
    complete(op, is_failure(reason) && !op.released ? errc::refused : errc::ok, reason);
}

/// The transport has taken the last byte of `op`.
inline void engine::state::on_staged_sent(operation& op) {
    op.sent_at = now_;
    if (op.is_publish() && op.qos == 0) return complete(op, errc::ok);
    ops.move(op, op.is_publish() ? place::awaiting : place::awaiting_sub);
    if (!op.answered_early) return;
    op.answered_early = false;
    on_answer(op, op.early_reason, true);
}

}  // namespace mqtt_as
