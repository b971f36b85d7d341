// The engine: its public face, and the phases. Only this file changes the phase.
#include "mqtt_as/engine.hpp"

#include "src/engine/state.hpp"

#include <new>

namespace mqtt_as {

namespace {

/// How long the transport may take to accept DISCONNECT before we close without it.
constexpr duration goodbye_limit{500};

/// The same attempt would end the same way until someone changes something.
bool can_retry_help(const disconnected& d) {
    if (d.error != errc::connection_refused && d.error != errc::server_disconnected) return true;
    switch (d.reason) {
    case reason_code::unsupported_protocol_version:
    case reason_code::client_identifier_not_valid:
    case reason_code::bad_user_name_or_password:
    case reason_code::not_authorized:
    case reason_code::banned:
    case reason_code::bad_authentication_method:
    case reason_code::use_another_server:
    case reason_code::server_moved: return false;
    default: return true;
    }
}

constexpr duration seconds(std::uint32_t s) { return duration(static_cast<std::int32_t>(s * 1000)); }

}  // namespace

errc check(const engine_config& config, const limits& limit) noexcept {
    if (config.protocol == nullptr) return errc::unsupported_by_version;
    wire::connect c{.client_id = config.client_id,
                    .keep_alive = config.keepalive,
                    .clean_start = config.clean && config.clean_init,
                    .user = config.user,
                    .password = config.password,
                    .properties = config.properties};
    if (config.will) c.last_will = packet_of(*config.will);
    if (const errc error = config.protocol->check_connect(c); error != errc::ok) return error;
    if (config.client_id.empty() && !c.clean_start) return errc::bad_client_id;
    const backoff_config& b = config.backoff;
    const bool times_good = config.response_time.count() > 0 && config.ping_interval.count() >= 0 &&
                            b.first_step.count() > 0 && b.cap >= b.first_step && b.steady_for.count() >= 0 &&
                            b.stable_after.count() >= 0 && b.cap.count() < (1 << 30) &&
                            config.response_time.count() < (1 << 30) / 2;
    const bool limits_good = limit.operations_max > 0 && limit.inbound_max > 0 && limit.packet_bytes_max >= 16 &&
                             limit.batch_bytes_max >= 16 && limit.gather_from >= 16 && config.endpoints > 0 &&
                             config.receive_maximum > 0;
    return times_good && limits_good ? errc::ok : errc::bad_config;
}

// ---- the public face --------------------------------------------------------------------------------------

engine::engine(const engine_config& config, const limits& limits, memory_source& memory, std::uint64_t seed)
    : state_(nullptr) {
    if (void* block = memory.allocate(sizeof(state))) state_ = new (block) state(config, limits, memory, seed);
}

engine::~engine() {
    if (state_ == nullptr) return;
    memory_source& source = state_->source;
    state_->~state();
    source.deallocate(state_, sizeof(state));
}

bool engine::ok() const { return state_ != nullptr; }
std::size_t engine::state_size() { return sizeof(state); }

errc engine::start(time_point now, bool retry) { return state_->start(now, retry); }
void engine::stop(time_point now, duration grace) { state_->stop(now, grace); }
void engine::close(time_point now) { state_->close(now); }
submitted engine::publish(time_point now, const publish_request& r) { return state_->publish(now, r); }
submitted engine::subscribe(time_point now, const subscription& s) { return state_->subscribe(now, s); }
submitted engine::unsubscribe(time_point now, const unsubscription& u) { return state_->unsubscribe(now, u); }
cancel_result engine::cancel(time_point now, op_id id, cancel_scope scope) { return state_->cancel(now, id, scope); }
bool engine::drop_oldest_qos0(time_point now) { return state_->drop_oldest_qos0(now); }
void engine::disown(op_id id) {
    if (state_->direct.disown(id)) return;
    if (operation* op = state_->find(id)) op->done.owner = nullptr;
}
void engine::acknowledge(time_point now, acknowledge_id id) { state_->acknowledge(now, id); }

bool engine::ping(time_point) {
    if (!state_->is_online()) return false;
    state_->ping_due_ = true;
    return true;
}

void engine::on_link(time_point now, bool up) {
    state& s = *state_;
    if (s.link_up_ != up) s.link_since_ = now;
    s.link_up_ = up;
    if (!up) return s.life_due_.reset();  // nothing can come: the connection is held
    if (s.phase_ == state::phase::waiting) return s.open(now);
    // An attempt without any answer may hang on a packet that was lost with the link: begin again.
    const bool asks_network = s.stage_ == stage::resolve || s.stage_ == stage::connect;
    if (s.phase_ == state::phase::opening && asks_network) return s.replace_connection(now);
    s.demand_life(now);
}

void engine::on_address_lost(time_point now, epoch e) {
    if (e == state_->epoch_) state_->replace_connection(now);
}

void engine::on_stage(time_point now, epoch e, stage at) {
    state& s = *state_;
    if (e != s.epoch_ || s.phase_ != state::phase::opening) return;
    s.stage_ = at;
    s.until_ = now + s.config.response_time;
}

void engine::on_opened(time_point now, epoch e) {
    state& s = *state_;
    if (e != s.epoch_ || s.phase_ != state::phase::opening) return;
    s.enter(now, state::phase::handshake, stage::mqtt);
    s.until_ = now + s.config.response_time;
    s.connect_due_ = true;
    s.last_received_ = now;
}

void engine::on_closed(time_point now, epoch e, errc error, int transport_error, bool can_retry_help) {
    state& s = *state_;
    if (e != s.epoch_ || !s.has_transport()) return;
    if (s.phase_ == state::phase::closing) return s.connection_over(now);
    s.end_connection(now, {.error = error, .transport_error = transport_error, .can_retry_help = can_retry_help}, true);
}

taken engine::on_bytes(time_point now, epoch e, bytes in) {
    state& s = *state_;
    const bool receiving = e == s.epoch_ && (s.phase_ == state::phase::handshake || s.is_connected());
    if (!receiving) return {taken::why::closed, in.size()};
    // The first sign behind a slow upload: what was sent in its wake may take its time from here.
    if (std::exchange(s.is_draining_, false)) s.judging_since_ = now;
    return s.on_bytes(now, in);
}

void engine::on_sent(time_point now, epoch e, std::size_t size) {
    if (e == state_->epoch_ && state_->has_transport()) state_->on_sent(now, size);
}

void engine::on_peer_progress(time_point now, epoch e) {
    state& s = *state_;
    if (e != s.epoch_ || !s.is_connected()) return;
    s.on_life(now);
    s.judging_since_ = now;
    s.is_draining_ = true;
}

void engine::on_time(time_point now) { state_->on_time(now); }

std::optional<command> engine::poll_command() {
    state& s = *state_;
    if (std::exchange(s.close_due_, false)) return command{command::kind::close, s.epoch_, s.supervisor.endpoint()};
    if (std::exchange(s.open_due_, false)) return command{command::kind::open, s.epoch_, s.supervisor.endpoint()};
    return std::nullopt;
}

std::size_t engine::poll_transmit(time_point now, std::span<bytes> gather) {
    return state_->poll_transmit(now, gather);
}

const op_done* engine::poll_done() {
    state& s = *state_;
    const op_done* const report = s.direct.take_report();
    return report != nullptr ? report : s.ops.take_report();
}

std::optional<event> engine::poll_event() {
    state& s = *state_;
    return s.notices_ != 0 ? s.poll_notice() : std::nullopt;
}

std::optional<time_point> engine::deadline() const { return state_->deadline(); }
bool engine::wants_bytes() const {
    // A slow application must not keep us from reading CONNACK.
    return state_->phase_ == state::phase::handshake ||
           (state_->is_connected() && !state_->inbox.full() && !state_->inbox.due_full());
}
bool engine::is_online() const { return state_->is_online(); }
const counters& engine::count() const { return state_->count; }
time_point engine::last_received() const { return state_->last_received_; }
void engine::check() const { state_->check(); }

status engine::look() const {
    const state& s = *state_;
    status now{.now_in = s.phase_,
               .since = s.since_,
               .at = s.stage_,
               .link_up = s.link_up_,
               .link_since = s.link_since_,
               .endpoint = s.supervisor.endpoint(),
               .attempt = s.supervisor.attempt(),
               .outage_since = s.outage_since_,
               .last_error = s.last_error_,
               .queued = s.ops.queued.size() + s.ops.control.size() + s.ops.resend.size() + s.ops.joined.size(),
               .in_flight = s.ops.batch.size() + s.ops.awaiting.size() + s.ops.awaiting_sub.size() +
                            s.ops.release_due.size() + s.ops.releasing.size(),
               .unfinished = s.ops.unfinished + s.direct.pending(),
               .payload_bytes = s.ops.payload_bytes + s.direct.payload_bytes(),
               .inbox = s.inbox.size(),
               .subscriptions = s.filters.size()};
    (s.outbox.is_offered() ? now.in_flight : now.queued) += s.direct.pending();
    if (s.phase_ == state::phase::waiting) now.next_attempt = s.until_;
    return now;
}

std::optional<event> engine::state::poll_notice() {
    if (take(tell_disconnected)) {
        disconnected d = *last_error_;
        d.properties = properties_;
        return d;
    }
    if (take(tell_gave_up)) return gave_up{*last_error_};
    if (take(tell_waiting)) return waiting{supervisor.attempt(), wait_for_};
    if (take(tell_connected)) return connected{session_present_, first_connection_, properties_};
    if ((notices_ & tell_refusals) != 0) {
        for (wanted* w = filters.first(); w != nullptr; w = w->next) {
            if (std::exchange(w->refusal_to_tell, false)) return renewal_refused{w->filter(), w->result};
        }
        keep_quiet(tell_refusals);
    }
    if (take(tell_renewed)) return renewed{};
    if (take(tell_stopped)) return stopped{};
    return std::nullopt;
}

// ---- phases -----------------------------------------------------------------------------------------------

engine::state::state(const engine_config& given, const limits& limits, memory_source& memory_, std::uint64_t seed)
    : config(given), limit(limits), wire(*given.protocol), source(memory_), memory(memory_), random(seed),
      supervisor(config.backoff, random, given.endpoints), ops(memory, static_cast<std::uint16_t>(random.next())),
      direct(memory, limit), outbox(memory, limit), inbox(memory, limit), filters(memory), timers(memory),
      assigned_client_id_(memory) {}

engine::state::~state() { drop_assembly(); }

void engine::state::enter(time_point now, phase p, stage at) {
    phase_ = p;
    stage_ = at;
    since_ = now;
}

errc engine::state::start(time_point now, bool retry) {
    if (closed_) return errc::closed;
    if (phase_ != phase::stopped) return errc::already_started;
    accepting_ = true;
    retry_first_ = retry;
    was_online_ = false;
    at_cap_ = false;
    outage_since_ = now;
    supervisor.begin(now);
    open(now);
    return errc::ok;
}

void engine::state::open(time_point now) {
    ++epoch_;
    supervisor.on_attempt();
    enter(now, phase::opening, stage::resolve);
    until_ = now + config.response_time;
    open_due_ = true;
}

void engine::state::stop(time_point now, duration grace) {
    accepting_ = false;
    after_ = after::stop;
    switch (phase_) {
    case phase::stopped:
    case phase::waiting: return finish_stop(now);
    case phase::opening:
    case phase::handshake: return close_transport(now);
    case phase::online:
        phase_ = phase::draining;
        until_ = now + grace;
        return check_drained(now);
    case phase::draining:
        if (now + grace < until_) until_ = now + grace;
        return;
    case phase::closing: return;
    }
}

void engine::state::close(time_point now) {
    closed_ = true;
    accepting_ = false;
    turn_direct_into_operations();
    after_ = after::stop;
    report_all(errc::closed);
    if (!has_transport()) return finish_stop(now);
    close_transport(now);
}

void engine::state::end_connection(time_point now, disconnected why, bool lost) {
    why.was_online = is_connected();
    why.at = stage_;
    why.can_retry_help = why.can_retry_help && can_retry_help(why);
    last_error_ = why;
    last_error_->properties = {};
    if (after_ != after::stop) {
        tell(tell_disconnected);
        const bool gives_up_hopeless = config.on_refusal == refusal_policy::give_up ||
                                       (config.on_refusal == refusal_policy::give_up_at_first && !was_online_);
        const bool give_up = (!was_online_ && !retry_first_) || (!why.can_retry_help && gives_up_hopeless);
        after_ = give_up ? after::give_up : after::retry;
        at_cap_ = !why.can_retry_help || why.reason == reason_code::session_taken_over;
        if (why.was_online) {
            ++count.outages;
            outage_since_ = now;
            supervisor.on_lost(now);
        }
    }
    if (lost) return connection_over(now);
    const bool has_goodbye = why.error == errc::protocol_violation && wire.disconnect_has_reason &&
                             agreed_.maximum_packet_size > sizeof wire::pingreq;  // which has no reason [MQTT-3.2.2-15]
    if (has_goodbye && phase_ != phase::opening && !connect_due_) return leave(now, reason_for(why.why));
    close_transport(now);
}

void engine::state::end_by_violation(time_point now, violation v) {
    end_connection(now, {.error = errc::protocol_violation, .why = v});
}

/// Not an outage like others: what was wrong is known, and over. So there is no wait.
void engine::state::replace_connection(time_point now) {
    switch (phase_) {
    case phase::online:
        end_connection(now, {.error = errc::network_changed});
        if (after_ == after::retry) after_ = after::reopen;
        return;
    case phase::opening:
    case phase::handshake: after_ = after::reopen; return close_transport(now);
    default: return;
    }
}

void engine::state::leave(time_point now, reason_code reason) {
    turn_direct_into_operations();
    phase_ = phase::closing;
    since_ = now;
    leaving_ = true;
    disconnect_due_ = true;
    goodbye_ = reason;
    until_ = now + goodbye_limit;
}

void engine::state::close_transport(time_point now) {
    turn_direct_into_operations();
    if (phase_ != phase::closing) since_ = now;
    phase_ = phase::closing;
    leaving_ = false;
    disconnect_due_ = false;
    // An attempt that the front has not even heard of yet needs no closing.
    if (std::exchange(open_due_, false)) return connection_over(now);
    close_due_ = true;
}

void engine::state::connection_over(time_point now) {
    turn_direct_into_operations();
    outbox.reset();
    requeue_after_loss(now);
    inbox.on_connection_lost();
    if (!assembly_used_) drop_assembly();
    header_size_ = 0;
    agreed_ = {};
    leaving_ = connect_due_ = disconnect_due_ = close_due_ = ping_due_ = ping_outstanding_ = probed_ = false;
    ping_end_ = 0;
    silent_since_.reset();
    life_due_.reset();
    keep_quiet(tell_renewed);
    renewals_pending_ = 0;
    stage_ = stage::idle;
    for (wanted* w = filters.first(); w != nullptr; w = w->next) w->renewed = false;

    switch (std::exchange(after_, after::retry)) {
    case after::retry: return wait(now);
    case after::reopen: return open(now);
    case after::stop: return finish_stop(now);
    case after::give_up:
        enter(now, phase::stopped, stage::idle);
        outage_since_.reset();
        tell(tell_gave_up);
        return;
    }
}

void engine::state::wait(time_point now) {
    wait_for_ = std::exchange(at_cap_, false) ? supervisor.next_wait_at_cap() : supervisor.next_wait(now);
    enter(now, phase::waiting, stage::idle);
    until_ = now + wait_for_;
    tell(tell_waiting);
}

void engine::state::finish_stop(time_point now) {
    enter(now, phase::stopped, stage::idle);
    after_ = after::retry;
    outage_since_.reset();
    report_all(closed_ ? errc::closed : errc::stopped);
    const bool session_lives = keeps_session() && !closed_;
    ops.for_each_list([&](operation_list& list) {
        // What the session knows is resent when a later `start` finds it again [MQTT-4.4.0-1].
        if (session_lives && (&list == &ops.resend || &list == &ops.release_due)) return;
        while (operation* op = list.front()) complete(now, *op, errc::stopped, reason_code::success);
    });
    keep_quiet(tell_disconnected | tell_waiting | tell_connected | tell_renewed | tell_gave_up);
    tell(tell_stopped);
}

void engine::state::check_drained(time_point now) {
    if (phase_ != phase::draining) return;
    const bool drained = ops.awaiting.empty() && ops.awaiting_sub.empty() && ops.releasing.empty() &&
                         ops.release_due.empty() && ops.resend.empty() && outbox.empty() && !inbox.has_due();
    if (drained || !(now < until_)) leave(now, reason_code::success);
}

void engine::state::go_online(time_point now, const wire::connack& ack) {
    agreed_ = ack.agreed;
    if (limit.packet_bytes_max < agreed_.maximum_packet_size)
        agreed_.maximum_packet_size = static_cast<std::uint32_t>(limit.packet_bytes_max);
    session_present_ = ack.session_present;
    first_connection_ = !was_online_;
    was_online_ = ever_online_ = true;
    have_session_ = keeps_session();
    wiped_ = false;
    const time_point asked_at = since_;
    on_round_trip(now - asked_at);
    enter(now, phase::online, stage::online);
    outage_since_.reset();
    supervisor.on_online(now);
    ++count.connections;

    const std::uint32_t keep_alive = agreed_.server_keep_alive.value_or(config.keepalive);
    ping_interval_ = keep_alive != 0 ? seconds(keep_alive) / 4 : duration(0);
    if (config.ping_interval.count() != 0 && (keep_alive == 0 || config.ping_interval < ping_interval_))
        ping_interval_ = config.ping_interval;
    if (ping_interval_.count() == 0) ping_interval_ = duration(20'000);
    ping_at_ = asked_at + ping_interval_;  // the keep alive counts from what we sent last: CONNECT
    judging_since_ = now;
    is_draining_ = false;

    tell(tell_connected);
    if (!ack.session_present)
        lose_session(now);
    else if (connects_unanswered_ > 1)
        doubt_session();
    if (!renew_filters(!ack.session_present || connects_unanswered_ > 1))
        return end_connection(now, {.error = errc::out_of_memory});
    connects_unanswered_ = 0;
    count_renewals();
    keep_quiet(tell_renewed);
    if (renewals_pending_ == 0) tell(tell_renewed);
}

void engine::state::check() const {
    ops.check();
    assert(ops.payload_bytes == 0 || ops.unfinished != 0);
    assert(is_connected() || phase_ == phase::closing || in_flight_ == 0);
    assert(in_flight_ <= agreed_.receive_maximum || !is_connected());
    assert(inbox.size() <= limit.inbound_max);
    assert(filters.size() <= limit.subscriptions_max);
    assert(phase_ != phase::stopped || (!open_due_ && !close_due_));
}

}  // namespace mqtt_as
