// The engine: its public face, and the phases. Only this file changes the phase.
#include "mqtt_as/engine.hpp"

#include "mqtt_as/board_memory.hpp"
#include "src/engine/state.hpp"
#include "src/wire/publish.hpp"

#include <new>

namespace mqtt_as {

namespace {

static_assert(!profile::is_board || sizeof(operation) <= detail::operation_bytes);
static_assert(!profile::is_board || sizeof(wanted) <= detail::filter_bytes);
static_assert(!profile::is_board || sizeof(inbox::entry) <= detail::entry_bytes);
static_assert(!profile::is_board || sizeof(inbox::acknowledgement) <= detail::due_bytes);
static_assert(!profile::is_board || inbox::due_spare <= detail::due_spare);

/// How long the transport may take to accept DISCONNECT before we close without it.
constexpr duration goodbye_limit{500};

/// False: the same attempt would end the same way until someone changes something.
bool can_retry_help(reason_code reason) {
    switch (reason) {
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

}  // namespace

errc check(const engine_config& config, const limits& limit) noexcept {
    if (config.protocol == nullptr) return errc::unsupported_by_version;
    const wire::connect c{.config = config,
                          .client_id = config.client_id,
                          .clean_start = config.clean && config.clean_init,
                          .last_will = config.will ? &*config.will : nullptr};
    if (const errc error = config.protocol->check_connect(c); error != errc::ok) return error;
    if (config.client_id.empty() && !c.clean_start) return errc::bad_client_id;  // [3.1.1: MQTT-3.1.3-7]
    const backoff_config& b = config.backoff;
    const bool is_good =
        // times
        config.response_time.count() > 0 && config.response_time.count() < (1 << 30) / 2 &&
        config.ping_interval.count() >= 0 && b.first_step.count() > 0 && b.cap.count() >= b.first_step.count() &&
        b.cap.count() < (1 << 30) && b.steady_for.count() >= 0 && b.stable_after.count() >= 0 &&
        // numbers
        limit.operations_max > 0 && limit.inbound_max > 0 && limit.packet_bytes_max >= 16 && config.endpoints > 0 &&
        config.receive_maximum > 0 && (profile::is_board || limit.outbound_qos2_max > 0) &&
        (!profile::makes_batches || (limit.batch_bytes_max >= 16 && limit.gather_from >= 16));
    return is_good ? errc::ok : errc::bad_config;
}

// ---- the public face --------------------------------------------------------------------------------------

engine::engine(const engine_config& config, const limits& limits, memory_source& memory, std::uint64_t seed)
    : state_(nullptr) {
    const std::size_t size = state::block_size(limits);
    if (profile::is_board && size > detail::block_bytes_max) return;
    if (void* block = memory.allocate(size)) state_ = new (block) state(config, limits, memory, seed, size);
}

engine::~engine() {
    if (state_ == nullptr) return;
    memory_source& source = state_->source;
    const std::size_t size = state::block_size(state_->limit);
    state_->~state();
    source.deallocate(state_, size);
}

bool engine::ok() const { return state_ != nullptr; }
std::size_t engine::state_size() { return sizeof(state); }

errc engine::start(time_point now, bool retry) { return state_->at(now)->start(retry); }
void engine::stop(time_point now, duration grace) { state_->at(now)->stop(grace); }
void engine::close(time_point now) { state_->at(now)->close(); }
submitted engine::subscribe(time_point now, const subscription& s) {
    return state_->at(now)->request(operation::kind::subscribe, s);
}
submitted engine::unsubscribe(time_point now, const unsubscription& u) {
    return state_->at(now)->request(operation::kind::unsubscribe, u);
}
cancel_result engine::cancel(time_point now, op_id id, cancel_scope scope) {
    return state_->at(now)->cancel(id, scope);
}
bool engine::drop_oldest_qos0(time_point now) { return state_->at(now)->drop_oldest_qos0(); }
void engine::disown(op_id id) { state_->disown(id); }
void engine::acknowledge(time_point now, acknowledge_id id) { state_->at(now)->acknowledge(id); }
void engine::forget(acknowledge_id id) { state_->inbox.forget(id); }

bool engine::ping(time_point) {
    if (!state_->is_online()) return false;
    state_->ping_due_ = true;
    return true;
}

void engine::on_link(time_point now, bool up) { state_->at(now)->on_link(up); }
void engine::on_address_lost(time_point now, epoch e) {
    if (e == state_->epoch_) state_->at(now)->replace_connection();
}
void engine::on_stage(time_point now, epoch e, stage at) {
    if (e == state_->epoch_) state_->at(now)->on_stage(at);
}
void engine::on_opened(time_point now, epoch e) {
    if (e == state_->epoch_) state_->at(now)->on_opened();
}
void engine::on_closed(time_point now, epoch e, errc error, int transport_error, bool can_retry_help) {
    if (e == state_->epoch_) state_->at(now)->on_closed(error, transport_error, can_retry_help);
}

taken engine::on_bytes(time_point now, epoch e, bytes in) {
    const bool receiving = e == state_->epoch_ && (state_->phase_ == state::phase::handshake || state_->is_connected());
    if (!receiving) return {taken::why::closed, in.size()};
    return state_->at(now)->on_bytes(in);
}

void engine::on_sent(time_point now, epoch e, std::size_t size) {
    if (e == state_->epoch_ && state_->has_transport()) state_->at(now)->on_sent(size);
}
void engine::on_peer_progress(time_point now, epoch e) {
    if (e == state_->epoch_) state_->at(now)->on_peer_progress();
}
void engine::on_time(time_point now) { state_->at(now)->on_time(); }

std::optional<command> engine::poll_command() {
    state& s = *state_;
    if (!s.close_due_ && !s.open_due_) return std::nullopt;
    const auto kind = s.close_due_ ? command::kind::close : command::kind::open;
    (s.close_due_ ? s.close_due_ : s.open_due_) = false;
    return command{kind, s.epoch_, s.supervisor.endpoint()};
}

std::size_t engine::poll_transmit(time_point now, std::span<bytes> gather) {
    return state_->at(now)->poll_transmit(gather);
}

std::size_t engine::staged() const { return state_->outbox.size(); }

const op_done* engine::poll_done() {
    state& s = *state_;
    const op_done* const report = s.direct.take_report();
    return report != nullptr ? report : s.ops.take_report(s.report_out(), s.properties_);
}

std::optional<event> engine::poll_event() {
    state& s = *state_;
    return s.notices_ != 0 ? s.poll_notice() : std::nullopt;
}

std::optional<time_point> engine::deadline() const {
    const state::due first = state_->first_due();
    return first.which != state::due::what::nothing ? std::optional(first.at) : std::nullopt;
}
bool engine::wants_bytes() const {
    // A slow application must not keep us from reading CONNACK.
    return state_->phase_ == state::phase::handshake ||
           (state_->is_connected() && !state_->inbox.full() && !state_->inbox.due_full());
}
bool engine::is_online() const { return state_->is_online(); }
counters engine::count() const { return state_->count; }
time_point engine::last_received() const { return state_->last_received_; }
std::uint32_t engine::unfinished() const { return state_->ops.unfinished + state_->direct.pending(); }
status::phase engine::phase() const { return state_->phase_; }
status engine::look() const { return state_->look(); }
void engine::check() const { state_->check(); }

status engine::state::look() const {
    status now{.now_in = phase_,
               .since = since_,
               .at = stage_,
               .link_up = !is_link_down_,
               .link_since = link_since_,
               .endpoint = supervisor.endpoint(),
               .attempt = supervisor.attempt(),
               .unfinished = ops.unfinished + direct.pending(),
               .payload_bytes = ops.payload_bytes + direct.payload_bytes(),
               .inbox = inbox.size(),
               .subscriptions = filters.size()};
    const bool is_outage = phase_ != phase::stopped && !is_connected() && after_ != after::stop;
    if (is_outage) now.outage_since = outage_since();
    if (phase_ == phase::waiting) now.next_attempt = until_;
    if (last_.error != errc::ok) now.last_error = disconnected{last_, {}};
    for (std::size_t i = 0; i < operation::places - 1; ++i) {
        const auto where = static_cast<place>(i);
        (where < place::batch ? now.queued : now.in_flight) += ops.count(where);
    }
    (outbox.is_offered() ? now.in_flight : now.queued) += direct.pending();
    return now;
}

std::optional<event> engine::state::poll_notice() {
    while (notices_ != 0) {
        const unsigned first = notices_ & -unsigned{notices_};
        keep_quiet(first);
        switch (first) {
        case tell_disconnected:
        case tell_gave_up: {
            const disconnected last{last_, properties_};
            if (first == tell_disconnected) return last;
            return gave_up{last};
        }
        case tell_waiting: return waiting{supervisor.attempt(), until_ - since_};
        case tell_connected: return connected{session_present_, first_connection_, properties_};
        case tell_refusals:
            for (wanted* w = filters.first(); w != nullptr; w = w->next) {
                if (!std::exchange(w->refusal_to_tell, false)) continue;
                tell(tell_refusals);  // there may be more
                return renewal_refused{w->filter(), w->result};
            }
            break;
        case tell_renewed: return renewed{};
        default: return stopped{};
        }
    }
    return std::nullopt;
}

// ---- the world --------------------------------------------------------------------------------------------

void engine::state::on_link(bool up) {
    if (is_link_down_ == up) link_since_ = now_;
    is_link_down_ = !up;
    if (!up) {
        life_is_due_ = false;  // nothing can come: the connection is held
    } else if (phase_ == phase::waiting) {
        open();
    } else if (phase_ == phase::opening && (stage_ == stage::resolve || stage_ == stage::connect)) {
        replace_connection();  // an attempt without any answer may hang on a packet that was lost with the link
    } else {
        demand_life();
    }
}

void engine::state::on_stage(stage at) {
    if (phase_ != phase::opening) return;
    stage_ = at;
    until_ = now_ + config.response_time;
}

void engine::state::on_opened() {
    if (phase_ != phase::opening) return;
    enter(phase::handshake, stage::mqtt);
    until_ = now_ + config.response_time;
    connect_due_ = true;
    last_received_ = now_;
}

void engine::state::on_closed(errc error, int transport_error, bool can_retry_help) {
    if (!has_transport()) return;
    if (phase_ == phase::closing) return connection_over();
    last_ = {.error = error, .can_retry_help = can_retry_help, .transport_error = transport_error};
    end_connection(true);
}

void engine::state::on_peer_progress() {
    if (!is_connected()) return;
    on_life();
    judging_since_ = now_;
    is_draining_ = true;
}

// ---- phases -----------------------------------------------------------------------------------------------

engine::state::state(const engine_config& config_, const limits& limits, memory_source& source_, std::uint64_t seed,
                     std::size_t size)
    : facts(), parts(config_, limits, source_, rest_of_block(size)), moments(), more_parts(ops.memory, limits),
      rare_facts(), random(seed), source(source_) {
    ops.begin_packet_ids(random);
}

std::size_t engine::state::block_size(const limits& limits) {
    static_assert(!profile::is_board || sizeof(state) <= detail::state_bytes);
    return profile::is_board ? memory_required(limits) : sizeof(state);
}

engine::state::~state() {
    if constexpr (profile::is_board) return;  // the block goes back whole
    assembly.drop();
    filters.clear(ops.memory);
    given_client_id_.forget(ops.memory);
    outbox.give_back();
}

void engine::state::enter(phase p, stage at) {
    phase_ = p;
    stage_ = at;
    since_ = now_;
}

errc engine::state::start(bool retry) {
    if (refusing_ == errc::closed) return errc::closed;
    if (phase_ != phase::stopped) return errc::already_started;
    refusing_ = errc::ok;
    retry_first_ = retry;
    was_online_ = false;
    at_cap_ = false;
    outage_since() = now_;
    supervisor.begin(now_, config);
    open();
    return errc::ok;
}

void engine::state::open() {
    ++epoch_;
    supervisor.on_attempt();
    enter(phase::opening, stage::resolve);
    until_ = now_ + config.response_time;
    open_due_ = true;
}

void engine::state::stop(duration grace) {
    if (refusing_ == errc::ok) refusing_ = errc::not_started;
    after_ = after::stop;
    const time_point limit_of_grace = now_ + grace;
    switch (phase_) {
    case phase::stopped:
    case phase::waiting: return finish_stop();
    case phase::opening:
    case phase::handshake: return close_transport();
    case phase::online:
        phase_ = phase::draining;
        until_ = limit_of_grace;
        return check_drained();
    case phase::draining:
        if (limit_of_grace < until_) until_ = limit_of_grace;
        return;
    case phase::closing: return;
    }
}

void engine::state::close() {
    refusing_ = errc::closed;
    turn_direct_into_operations();
    after_ = after::stop;
    report_all(errc::closed);
    if (!has_transport()) return finish_stop();
    close_transport();
}

void engine::state::end_connection(errc error, reason_code reason, violation why) {
    last_ = {.error = error, .why = why, .reason = reason};
    end_connection();
}

void engine::state::end_connection(bool lost) {
    properties_ = property_view();  // of a packet that is gone, unless one ends the connection
    last_.was_online = is_connected();
    last_.at = stage_;
    last_.can_retry_help = last_.can_retry_help && can_retry_help(last_.reason);
    if (after_ != after::stop) {
        tell(tell_disconnected);
        const bool gives_up_hopeless = config.on_refusal == refusal_policy::give_up ||
                                       (config.on_refusal == refusal_policy::give_up_at_first && !was_online_);
        const bool give_up = (!was_online_ && !retry_first_) || (!last_.can_retry_help && gives_up_hopeless);
        after_ = give_up ? after::give_up : after::retry;
        at_cap_ = !last_.can_retry_help || last_.reason == reason_code::session_taken_over;
        if (last_.was_online) {
            ++count.outages;
            outage_since() = now_;
            supervisor.on_lost(now_, since_, config);
        }
    }
    if (lost) return connection_over();
    const bool has_goodbye =
        last_.error == errc::protocol_violation && wire->has_reasons &&
        agreed_.maximum_packet_size > wire::bare_packet_size;  // without its reason [MQTT-3.2.2-15]
    if (has_goodbye && phase_ != phase::opening && !connect_due_) return leave(reason_for(last_.why));
    close_transport();
}

/// Not an outage like others: what was wrong is known, and over. So there is no wait.
void engine::state::replace_connection() {
    if (phase_ == phase::online) {
        end_connection(errc::network_changed);
        if (after_ == after::retry) after_ = after::reopen;
    } else if (phase_ == phase::opening || phase_ == phase::handshake) {
        after_ = after::reopen;
        close_transport();
    }
}

void engine::state::leave(reason_code reason) {
    turn_direct_into_operations();
    enter(phase::closing, stage_);
    leaving_ = true;
    disconnect_due_ = true;
    goodbye_ = reason;
    until_ = now_ + goodbye_limit;
}

void engine::state::close_transport() {
    turn_direct_into_operations();
    if (phase_ != phase::closing) enter(phase::closing, stage_);
    leaving_ = false;
    disconnect_due_ = false;
    // An attempt that the front has not even heard of yet needs no closing.
    if (std::exchange(open_due_, false)) return connection_over();
    close_due_ = true;
}

void engine::state::connection_over() {
    turn_direct_into_operations();
    outbox.reset();
    ops.for_each_backwards([this](operation& op) { requeue_after_loss(op); });
    inbox.on_connection_lost();
    if (!assembly_used_) assembly.drop();
    orphans_.on_connection_lost();
    static_cast<connection_facts&>(*this) = {};
    keep_quiet(tell_renewed);
    for (wanted* w = filters.first(); w != nullptr; w = w->next) w->renewed = false;

    switch (std::exchange(after_, after::retry)) {
    case after::retry: return wait();
    case after::reopen: return open();
    case after::stop: return finish_stop();
    case after::give_up:
        refusing_ = errc::not_started;
        end_all();
        return tell(tell_gave_up);
    }
}

void engine::state::wait() {
    enter(phase::waiting, stage::idle);
    until_ = now_ + supervisor.next_wait(now_, std::exchange(at_cap_, false), random, config);
    tell(tell_waiting);
}

void engine::state::finish_stop() {
    after_ = after::retry;
    end_all();
    keep_quiet(tell_disconnected | tell_waiting | tell_connected | tell_renewed | tell_gave_up);
    tell(tell_stopped);
}

/// Nothing more will happen until `start`: nobody is left waiting.
void engine::state::end_all() {
    enter(phase::stopped, stage::idle);
    const bool is_closed = refusing_ == errc::closed;
    report_all(is_closed ? errc::closed : errc::stopped);
    const bool session_lives = keeps_session() && !is_closed;
    ops.for_each([this, session_lives](operation& op) {
        // What the session knows is resent when a later `start` finds it again [MQTT-4.4.0-1].
        const bool is_kept = session_lives && (op.now_in == place::resend || op.now_in == place::release_due);
        if (!is_kept && !op.is_finished()) complete(op, errc::stopped);
    });
}

void engine::state::check_drained() {
    if (phase_ != phase::draining) return;
    const bool drained =
        !has_unanswered() && ops.empty(place::release_due) && ops.empty(place::resend) && !inbox.has_due();
    if (drained || !(now_ < until_)) leave(reason_code::success);
}

void engine::state::go_online(const wire::connack& ack) {
    agreed_ = ack.agreed;
    if (!has_quota()) agreed_.keep_unfinished_to(limit.outbound_qos2_max);
    agreed_.keep_packets_to(limit.packet_bytes_max);
    session_present_ = ack.session_present;
    first_connection_ = !was_online_;
    was_online_ = ever_online_ = true;
    wiped_ = false;
    on_round_trip(now_ - since_);
    // It counts from what we sent last: CONNECT.
    keep_alive_s_ = ack.server_keep_alive.value_or(config.keepalive);
    until_ = since_ + ping_interval();
    judging_since_ = now_;
    enter(phase::online, stage::online);
    supervisor.on_online();
    ++count.connections;

    tell(tell_connected);
    if (!ack.session_present)
        lose_session();
    else if (connects_unanswered_ > 1)
        doubt_session();
    want_renewals(!ack.session_present || connects_unanswered_ > 1);
    connects_unanswered_ = 0;
    if (renewals_pending_ == 0) tell(tell_renewed);
}

duration engine::state::ping_interval() const {
    const duration longest(keep_alive_s_ * (1000 / 4));
    const duration wanted = config.ping_interval;
    if (keep_alive_s_ != 0 && (wanted.count() == 0 || longest < wanted)) return longest;
    return wanted.count() != 0 ? wanted : duration(20'000);
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
