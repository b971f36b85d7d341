// What the application asks for, and what becomes of it: submission, cancelling, a lost connection, a lost session.
#include "src/engine/state.hpp"
#include "src/wire/publish.hpp"

namespace mqtt_as {

namespace {

wire::packet_type packet_type_of(operation::kind what) {
    return what == operation::kind::subscribe ? wire::packet_type::subscribe : wire::packet_type::unsubscribe;
}

submitted rejected(errc why) { return {{}, why}; }

void put_payload(std::uint8_t* to, bytes payload) {
    if (!payload.empty()) std::memcpy(to, payload.data(), payload.size());
}

}  // namespace

// ---- submission -------------------------------------------------------------------------------------------

inline errc engine::state::room_for(std::size_t payload_size) const {
    if (ops.unfinished + direct.size() >= limit.operations_max) return errc::queue_full;
    // A payload above the whole limit is accepted when it is alone: the limit bounds what piles up.
    const std::size_t used = ops.payload_bytes + direct.payload_bytes();
    const bool fits = payload_size <= limit.payload_bytes_max && used <= limit.payload_bytes_max - payload_size;
    return fits || used == 0 ? errc::ok : errc::queue_full;
}

/// Without memory for that there is no such operation.
inline errc engine::state::limit_wait(operation& op, duration timeout) {
    if (timeout.count() <= 0 || timers.add(op, now_ + timeout)) return errc::ok;
    ops.discard(op);
    return errc::out_of_memory;
}

/// On hosts. Nothing is before it, it has no properties, and nothing else is to be known of it than that the transport
/// has taken it.
inline bool engine::state::may_go_direct(const publish_request& r) const {
    constexpr std::size_t head_bytes_max = wire::fixed_header_max + 3;
    return profile::prefers_speed && r.qos == 0 && r.timeout.count() <= 0 && !r.payload_stays && is_online() &&
           !outbox.is_offered() && ops.empty(place::queued) && ops.empty(place::control) && ops.empty(place::resend) &&
           r.properties.empty() && outbox.has_room_now(head_bytes_max + r.topic.size() + r.payload.size());
}

submitted engine::state::publish_directly(const publish_request& r) {
    if (!wire::is_name(r.topic)) return rejected(errc::bad_topic);
    const bool has_properties = wire->has_properties();
    const std::size_t body_size = 2 + r.topic.size() + has_properties;
    const auto remaining_length = static_cast<std::uint32_t>(body_size + r.payload.size());
    const std::uint32_t size = wire::fixed_header_size(remaining_length) + remaining_length;
    if (const errc error = room_for(r.payload.size()); error != errc::ok) return rejected(error);
    if (const errc error = unsendable(size, 0, r.retain); error != errc::ok) return rejected(error);
    if (!direct.add({.owner = r.owner,
                     .end = static_cast<size_type>(outbox.size() + size),
                     .size = static_cast<size_type>(size),
                     .payload_size = static_cast<size_type>(r.payload.size())}))
        return rejected(errc::out_of_memory);
    std::uint8_t* to = wire::put_topic(outbox.append(size).data(), r.retain ? 0x31 : 0x30, remaining_length, r.topic);
    if (has_properties) *to++ = 0;
    put_payload(to, r.payload);
    return {direct.last_id(), errc::ok};
}

submitted engine::state::publish(const publish_request& r) {
    return may_go_direct(r) ? publish_directly(r) : publish_operation(r);
}

/// Here, so that the choice is made in it.
submitted engine::publish(time_point now, const publish_request& r) { return state_->at(now)->publish(r); }

submitted engine::state::publish_operation(const publish_request& r) {
    operation* op = nullptr;
    const errc error = make_publish(r, op);
    return error == errc::ok ? submitted{op->id()} : rejected(error);
}

inline errc engine::state::make_publish(const publish_request& r, operation*& made) {
    if (refusing_ != errc::ok) return refusing_;
    const auto [error, layout] = wire::check_publish(*wire, r);
    if (error != errc::ok) return error;
    const std::size_t whole = layout.head_size + r.payload.size();
    const std::size_t counted = profile::is_board ? whole : r.payload.size();
    if (const errc full = room_for(counted); full != errc::ok) return full;
    if (whole > limit.packet_bytes_max) return errc::too_large;
    if (const errc ruled_out = is_online() ? unsendable(whole, r.qos, r.retain) : errc::ok; ruled_out != errc::ok)
        return ruled_out;

    const bool by_reference = profile::makes_batches && r.payload_stays && r.payload.size() >= limit.gather_from;
    operation* const op = ops.create(operation::kind::publish,
                                     static_cast<std::uint32_t>(by_reference ? layout.head_size : whole), false);
    if (op == nullptr) return errc::out_of_memory;
    op->packet_id_offset = static_cast<size_type>(wire::encode_publish(*wire, op->packet(), r, layout));
    if (by_reference)
        op->body = r.payload.data();
    else
        put_payload(op->packet() + layout.head_size, r.payload);
    op->owner = r.owner;
    op->qos = r.qos;
    op->retain = r.retain;
    op->payload_size = static_cast<std::uint32_t>(counted);
    ops.payload_bytes = static_cast<profile::byte_count>(ops.payload_bytes + op->counted_bytes());
    made = op;
    return limit_wait(*op, r.timeout);
}

/// An operation whose packet is measured first, then written in place.
errc engine::state::make_request(operation::kind what, const subscription& s, bool internal, operation*& made) {
    const auto type = packet_type_of(what);
    wire::writer measure;
    wire->encode_request(measure, type, s);
    // What the server has ruled out already is refused at once; what waits is judged again when it is staged.
    const bool is_ruled_out = !internal && is_online() && !agreed_.allows(measure.size());
    if (is_ruled_out || measure.size() > limit.packet_bytes_max) return errc::too_large;
    operation* const op = ops.create(what, static_cast<std::uint32_t>(measure.size()), internal);
    if (op == nullptr) return errc::out_of_memory;
    wire::writer out({op->packet(), op->packet_size});
    op->packet_id_offset = static_cast<size_type>(wire->encode_request(out, type, s));
    op->owner = s.owner;
    made = op;
    return limit_wait(*op, s.timeout);
}

/// What CONNACK said about subscriptions.
bool engine::state::is_offered(const subscription& s) const {
    return (agreed_.offers(property_id::shared_subscription_available) || !is_shared_filter(s.filter)) &&
           (agreed_.offers(property_id::wildcard_subscription_available) || is_topic_name(s.filter)) &&
           (agreed_.offers(property_id::subscription_identifier_available) || !s.properties.subscription_identifier);
}

/// SUBSCRIBE or UNSUBSCRIBE.
submitted engine::state::request(operation::kind what, const subscription& s) {
    operation* op = nullptr;
    const errc error = make_wanted(what, s, op);
    return error == errc::ok ? submitted{op->id()} : rejected(error);
}

inline errc engine::state::make_wanted(operation::kind what, const subscription& s, operation*& op) {
    const bool subscribes = what == operation::kind::subscribe;
    if (refusing_ != errc::ok) return refusing_;
    if (const errc error = wire->check_request(packet_type_of(what), s); error != errc::ok) return error;
    if (subscribes && is_online() && !is_offered(s)) return errc::unsupported_by_server;
    // An outage fills the queue with publishes: these have places of their own, for `connect_coro` must find one. On
    // boards, where each place takes memory, the front counts them.
    const std::uint32_t places_of_their_own = profile::is_board ? 0 : limit.subscriptions_max;
    if (ops.unfinished + direct.size() >= limit.operations_max + places_of_their_own) return errc::queue_full;
    const subscription_options options(s);
    wanted* w = filters.find(s.filter);
    if (subscribes && w == nullptr) {
        if (filters.size() >= limit.subscriptions_max) return errc::queue_full;
        w = filters.add(s.filter, ops.memory);
        if (w == nullptr) return errc::out_of_memory;
    }
    if (const errc error = make_request(what, s, false, op); error != errc::ok) {
        if (w != nullptr && !w->granted && w->carrier == nullptr) filters.remove(*w, ops.memory);  // just added
        return error;
    }
    if (w == nullptr) return errc::ok;
    operation* const carrier = w->carrier;
    if (!subscribes) {
        if (w->renewal_due) on_renewed();
        filters.remove(*w, ops.memory);
        // A renewal that has not gone out yet need not go at all.
        if (carrier != nullptr && carrier->internal && carrier->now_in == place::control)
            complete(*carrier, errc::cancelled);
        return errc::ok;
    }
    const bool is_known = w->options == options;
    const bool joins = is_known && carrier != nullptr && (carrier->renewal || carrier->now_in == place::control);
    // Asked for on this connection, or about to be: a second SUBSCRIBE would bring the retained messages twice.
    if (joins) {
        ops.move(*op, place::joined);
        op->joined_to = carrier;
    } else if (is_known && w->renewed) {
        complete(*op, is_failure(w->result) ? errc::refused : errc::ok, w->result);
    } else {
        w->options = options;
        w->renewed = false;  // that result was for what was asked before
        op->renewal = std::exchange(w->renewal_due, false);
        if (carrier != nullptr) carrier->filter = nullptr;
        w->carrier = op;
        op->filter = w;
    }
    return errc::ok;
}

void engine::state::acknowledge(acknowledge_id id) {
    // When there is room again we look at the world again: silence begins to count only now.
    if (inbox.acknowledge(id) && is_connected()) judging_since_ = silent_since_ = now_;
}

bool engine::state::drop_oldest_qos0() {
    if (!outbox.is_offered()) turn_direct_into_operations();
    for (operation* op = ops.front(place::queued); op != nullptr; op = ops.after(*op)) {
        if (op->qos != 0 || op->touched) continue;
        complete(*op, errc::dropped);
        return true;
    }
    return false;
}

void engine::state::disown(op_id id) {
    if (direct.disown(id)) return;
    if (operation* op = find(id)) op->owner = nullptr;
}

// ---- the end of an operation ------------------------------------------------------------------------------

void engine::state::settle(operation& op, errc error, reason_code reason) {
    timers.remove(op);
    if (op.what == operation::kind::subscribe && op.now_in != place::joined) settle_subscribe(op, error, reason);
}

inline void engine::state::settle_subscribe(operation& op, errc error, reason_code reason) {
    for (operation *other = ops.front(place::joined), *next = nullptr; other != nullptr; other = next) {
        next = ops.after(*other);
        if (other->joined_to == &op) complete(*other, error, reason);
    }
    const bool is_refused = error == errc::refused;
    if (wanted* w = std::exchange(op.filter, nullptr)) {
        w->carrier = nullptr;
        w->result = reason;
        if (error == errc::ok) w->granted = true;
        if (op.renewal) {
            w->renewed = is_refused || error == errc::ok;  // else: not answered
            if (is_refused) {
                w->refusal_to_tell = true;
                tell(tell_refusals);
            }
        }
        if (error != errc::ok && !w->granted) filters.remove(*w, ops.memory);  // refused at first request: forgotten
    }
    if (op.renewal) on_renewed();
}

/// Whoever asks for a direct publish wants to do something to it.
operation* engine::state::find(op_id id) {
    if (profile::is_board || id.index != direct_name_index) return ops.find(id);
    turn_direct_into_operations();
    for (const place where : {place::batch, place::queued}) {
        for (operation* op = ops.front(where); op != nullptr; op = ops.after(*op)) {
            if (op->id() == id) return op;
        }
    }
    return nullptr;
}

/// Makes of direct publishes what they would be had they gone the long way: operations in the batch, or, when the
/// transport has not been given it yet, queued ones.
void engine::state::turn_direct_into_operations() {
    if constexpr (!profile::is_board) {
        if (direct.pending() == 0) return;
        const bool is_offered = outbox.is_offered();
        direct.turn_into_operations([&](const direct_publish& d) {
            operation* op = ops.create(operation::kind::publish, d.size, false);
            if (op == nullptr) return false;
            std::memcpy(op->packet(), outbox.before(d.end) - d.size, d.size);
            op->is_direct = true;
            op->generation = d.number;
            op->owner = d.owner;
            op->retain = (op->packet()[0] & 1) != 0;
            op->payload_size = d.payload_size;
            op->batch_end = d.end;
            op->touched = is_offered;
            ops.payload_bytes += d.payload_size;
            ops.move_front(*op, is_offered ? place::batch : place::queued);
            return true;
        });
        if (!is_offered) outbox.reset();
    }
}

bool engine::state::has_joined(const operation& carrier) const {
    const operation* other = ops.front(place::joined);
    while (other != nullptr && other->joined_to != &carrier) other = ops.after(*other);
    return other != nullptr;
}

cancel_result engine::state::cancel(op_id id, cancel_scope scope) {
    operation* op = find(id);
    if (op == nullptr || op->reported) return cancel_result::not_cancelled;
    if (scope == cancel_scope::if_untouched && op->touched) return cancel_result::not_cancelled;
    end_wait(*op, errc::cancelled);
    return cancel_result::cancelled;
}

/// Ends the wait, never the packet: what a transport or a session still knows of lives on silently.
void engine::state::end_wait(operation& op, errc error) {
    if (op.now_in <= place::joined && !has_joined(op)) return complete(op, error);
    timers.remove(op);
    ops.report(op, error, reason_code::success);
}

void engine::state::report_all(errc error) {
    ops.for_each([this, error](operation& op) {
        timers.remove(op);
        ops.report(op, error, reason_code::success);
    });
}

// ---- a lost connection, a lost session ----------------------------------------------------------------------

/// A later request for the same filter went out behind it: asked again now, it would undo that one.
bool engine::state::is_superseded(operation& op) const {
    if (op.what == operation::kind::subscribe) return op.filter == nullptr;
    // In UNSUBSCRIBE the filter comes last, behind its length.
    for (const wanted* w = filters.first(); w != nullptr; w = w->next) {
        if (op.packet_id_offset + 4u + w->filter_size > op.packet_size) continue;
        const std::uint8_t* const text = op.packet() + op.packet_size - w->filter_size;
        const bool is_as_long = wire::read_u16(text - 2) == w->filter_size;
        if (is_as_long && std::memcmp(text, w->filter().data(), w->filter_size) == 0) return true;
    }
    return false;
}

void engine::state::requeue_after_loss(operation& op) {
    op.repubs = 0;
    if (has_quota_ever) op.counted = false;
    if (op.now_in < place::batch || op.now_in > place::awaiting_sub) return;
    // What was answered before the transport reported its last byte has its answer all the same.
    if (op.answered_early) return on_staged_sent(op);
    if (op.released) return ops.move_by_order(op, place::release_due);
    if (op.is_publish() && op.qos != 0) return ops.move_by_order(op, place::resend);
    if (op.is_publish() && op.reported) return ops.finish(op);
    if (!op.is_publish() && is_superseded(op)) return complete(op, errc::cancelled);
    requeue(op);
}

/// As if it had never been sent.
void engine::state::requeue(operation& op) {
    ops.release_packet_id(op);
    ops.move_front(op, op.is_publish() ? place::queued : place::control);
}

void engine::state::lose_session() {
    orphans_.on_session_lost();
    // Those of release_due are sent before all others: they end up in front.
    for (const place where : {place::resend, place::release_due}) {
        while (operation* op = ops.back(where)) {
            if (op->reported) {
                ops.finish(*op);  // abandoned, and now unknown to everybody
            } else if (op->qos == 2 && config.qos2_on_lost_session == qos2_policy::report) {
                complete(*op, errc::session_lost);
            } else {
                op->packet()[0] &= static_cast<std::uint8_t>(~wire::dup_flag);
                op->released = false;
                op->may_be_duplicated = op->qos == 2;
                requeue(*op);
            }
        }
    }
    inbox.on_session_lost();
}

/// An earlier CONNECT stayed without its CONNACK: that one may have told of a lost session, and what is present now is
/// its empty successor. What is sent again may then be new to the server.
void engine::state::doubt_session() {
    for (operation* op = ops.front(place::resend); op != nullptr; op = ops.after(*op)) {
        if (op->qos == 2) op->may_be_duplicated = true;
    }
}

/// `all`: the server may not know our filters. That is so when it has no session, but also when an earlier CONNECT
/// stayed without its CONNACK: that one may have told of a lost session, and what is present now is its empty
/// successor. Otherwise only those are asked for again that were refused at the last renewal, or not asked for yet.
void engine::state::want_renewals(bool all) {
    for (operation* op = ops.front(place::control); op != nullptr; op = ops.after(*op)) {
        if (op->renewal && op->filter == nullptr) op->renewal = false;  // superseded while it waited
    }
    for (wanted* w = filters.first(); w != nullptr; w = w->next) {
        const bool was_due = w->renewal_due || (w->carrier != nullptr && w->carrier->renewal);
        if (!all && !is_failure(w->result) && !was_due) continue;
        ++renewals_pending_;
        w->renewal_due = w->carrier == nullptr;
        if (w->carrier != nullptr) w->carrier->renewal = true;
    }
}

/// With each batch, so that what finds no memory is tried again: what else is under way gives some back.
void engine::state::renew_filters() {
    for (wanted* w = filters.first(); w != nullptr; w = w->next) {
        if (!w->renewal_due) continue;
        operation* op = nullptr;
        if (make_request(operation::kind::subscribe, w->request(), true, op) != errc::ok) return;
        w->renewal_due = false;
        op->renewal = true;
        op->filter = w;
        w->carrier = op;
    }
}

/// One of those that `renewed` waits for is answered, or no longer wanted.
void engine::state::on_renewed() {
    if (is_connected() && renewals_pending_ > 0 && --renewals_pending_ == 0) tell(tell_renewed);
}

}  // namespace mqtt_as
