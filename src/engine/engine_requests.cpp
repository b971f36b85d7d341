// What the application asks for, and what becomes of it: submission, cancelling, a lost connection, a lost session.
#include "src/engine/state.hpp"
#include "src/wire/publish.hpp"

namespace mqtt_as {

namespace {

wire::subscribe packet_of(const subscription& s) {
    return {.filter = s.filter,
            .qos = s.qos,
            .no_local = s.no_local,
            .retain_as_published = s.retain_as_published,
            .retain_handling = s.retain_handling,
            .properties = s.properties};
}

/// SUBSCRIBE and UNSUBSCRIBE carry their identifier right behind the fixed header.
std::uint32_t fixed_header_size(const std::uint8_t* packet) {
    std::uint32_t size = 2;
    while ((packet[size - 1] & 0x80) != 0) ++size;
    return size;
}

/// An operation whose packet is what `encode` writes: measured first, then written in place.
template <class Encode>
operation* make_packet(operations& ops, const limits& limit, operation::kind what, bool internal,
                       std::size_t filter_size, Encode&& encode, errc& error) {
    wire::writer measure;
    encode(measure);
    if (measure.size() > limit.packet_bytes_max) {
        error = errc::too_large;
        return nullptr;
    }
    operation* op = ops.create(what, static_cast<std::uint32_t>(measure.size()), internal);
    if (op == nullptr) {
        error = errc::out_of_memory;
        return nullptr;
    }
    wire::writer out({op->packet(), op->packet_size});
    encode(out);
    op->packet_id_offset = fixed_header_size(op->packet());
    op->filter_size = static_cast<std::uint16_t>(filter_size);
    return op;
}

submitted rejected(errc why) { return {{}, why}; }

void put_payload(std::uint8_t* to, bytes payload) {
    if (!payload.empty()) std::memcpy(to, payload.data(), payload.size());
}

}  // namespace

// ---- submission -------------------------------------------------------------------------------------------

errc engine::state::refusing() const {
    if (accepting_) return errc::ok;
    return closed_ ? errc::closed : errc::not_started;
}

inline errc engine::state::room_for(std::size_t payload_size) const {
    if (ops.unfinished + direct.size() >= limit.operations_max) return errc::queue_full;
    // A payload above the whole limit is accepted when it is alone: the limit bounds what piles up.
    const std::size_t used = ops.payload_bytes + direct.payload_bytes();
    const bool fits = payload_size <= limit.payload_bytes_max && used <= limit.payload_bytes_max - payload_size;
    return fits || used == 0 ? errc::ok : errc::queue_full;
}

/// What the server has ruled out already is refused at once; what waits is judged again when it is staged.
inline errc engine::state::sendable_now(operation& op) {
    const errc error = is_online() ? unsendable(op) : errc::ok;
    if (error != errc::ok) ops.discard(op);
    return error;
}

inline submitted engine::state::submit(time_point now, operation& op, duration timeout) {
    if (timeout.count() > 0 && !timers.add(op, now + timeout)) {
        ops.discard(op);
        return rejected(errc::out_of_memory);
    }
    ops.enter(op, operation::state::queued);
    return {op.done.id, errc::ok};
}

/// On hosts. Nothing is before it, it has no properties, and nothing else is to be known of it than that the transport
/// has taken it.
inline bool engine::state::may_go_direct(const publish_request& r) const {
    constexpr std::size_t head_bytes_max = wire::fixed_header_max + 3;
    return wire::prefers_speed && r.qos == 0 && r.timeout.count() <= 0 && r.payload.size() < limit.gather_from &&
           is_online() && !outbox.is_offered() && ops.queued.empty() && ops.control.empty() && ops.resend.empty() &&
           r.properties.empty() && outbox.has_room_now(head_bytes_max + r.topic.size() + r.payload.size());
}

submitted engine::state::publish_directly(const publish_request& r) {
    if (!wire::is_name(r.topic)) return rejected(errc::bad_topic);
    const std::size_t body_size = 2 + r.topic.size() + wire.has_properties;
    const auto remaining_length = static_cast<std::uint32_t>(body_size + r.payload.size());
    const std::uint32_t size = wire::fixed_header_size(remaining_length) + remaining_length;
    if (const errc error = room_for(r.payload.size()); error != errc::ok) return rejected(error);
    if (const errc error = unsendable(size, 0, r.retain); error != errc::ok) return rejected(error);
    if (!direct.add({.owner = r.owner,
                     .end = outbox.size() + size,
                     .size = size,
                     .payload_size = static_cast<std::uint32_t>(r.payload.size())}))
        return rejected(errc::out_of_memory);
    std::uint8_t* to = wire::put_topic(outbox.append(size).data(), r.retain ? 0x31 : 0x30, remaining_length, r.topic);
    if (wire.has_properties) *to++ = 0;
    put_payload(to, r.payload);
    return {direct.last_id(), errc::ok};
}

submitted engine::state::publish(time_point now, const publish_request& r) {
    return may_go_direct(r) ? publish_directly(r) : publish_operation(now, r);
}

submitted engine::state::publish_operation(time_point now, const publish_request& r) {
    if (const errc error = refusing(); error != errc::ok) return rejected(error);
    const wire::publish_head head{.topic = r.topic,
                                  .payload_size = r.payload.size(),
                                  .qos = r.qos,
                                  .retain = r.retain,
                                  .properties = r.properties};
    const auto [error, layout] = wire::check_publish(wire, head);
    if (error != errc::ok) return rejected(error);
    if (const errc full = room_for(r.payload.size()); full != errc::ok) return rejected(full);
    const std::size_t whole = layout.head_size + r.payload.size();
    if (whole > limit.packet_bytes_max) return rejected(errc::too_large);
    if (const errc ruled_out = is_online() ? unsendable(whole, r.qos, r.retain) : errc::ok; ruled_out != errc::ok)
        return rejected(ruled_out);

    const auto payload_size = static_cast<std::uint32_t>(r.payload.size());
    const bool by_reference = r.payload_stays && r.payload.size() >= limit.gather_from;
    operation* op = ops.create(operation::kind::publish,
                               static_cast<std::uint32_t>(by_reference ? layout.head_size : whole), false);
    if (op == nullptr) return rejected(errc::out_of_memory);
    std::uint8_t* const payload = wire::encode_publish_head(wire, op->packet(), head, layout);
    if (by_reference) {
        op->body = r.payload.data();
        op->body_size = payload_size;
        op->done.kept_payload = true;
    } else {
        put_payload(payload, r.payload);
    }
    op->done.owner = r.owner;
    op->packet_id_offset = layout.packet_id_offset;
    op->qos = r.qos;
    op->retain = r.retain;
    op->payload_size = payload_size;
    ops.payload_bytes += payload_size;
    return submit(now, *op, r.timeout);
}

operation* engine::state::make_subscribe(const subscription& s, bool internal) {
    errc error{};
    const wire::subscribe packet = packet_of(s);
    return make_packet(
        ops, limit, operation::kind::subscribe, internal, s.filter.size(),
        [&](wire::writer& out) { wire.encode_subscribe(out, packet); }, error);
}

submitted engine::state::subscribe(time_point now, const subscription& s) {
    if (const errc error = refusing(); error != errc::ok) return rejected(error);
    if (const errc error = wire.check_subscribe(packet_of(s)); error != errc::ok) return rejected(error);
    if (is_online()) {
        const bool offered =
            (agreed_.shared_subscription_available || !s.filter.starts_with("$share/")) &&
            (agreed_.wildcard_subscription_available || s.filter.find_first_of("+#") == std::string_view::npos) &&
            (agreed_.subscription_identifier_available || !s.properties.subscription_identifier);
        if (!offered) return rejected(errc::unsupported_by_server);
    }
    if (const errc error = room_for(0); error != errc::ok) return rejected(error);

    wanted* w = filters.find(s.filter);
    if (w == nullptr && filters.size() >= limit.subscriptions_max) return rejected(errc::queue_full);
    const bool known = w != nullptr && w->has_options_of(s);
    operation* carrier = known ? w->carrier : nullptr;
    const bool joins = carrier != nullptr && (carrier->renewal || carrier->now_in == operation::state::queued);

    operation* op = make_subscribe(s, false);
    if (op == nullptr) return rejected(errc::out_of_memory);
    op->done.owner = s.owner;
    if (const errc error = sendable_now(*op); error != errc::ok) return rejected(error);
    if (known && (joins || w->renewed)) {
        // Asked for on this connection, or about to be: a second SUBSCRIBE would bring the retained messages twice.
        const submitted accepted = submit(now, *op, s.timeout);
        if (accepted.error != errc::ok) return accepted;
        if (joins) {
            ops.move(*op, operation::state::joined);
            op->joined_to = carrier;
        } else {
            complete(now, *op, is_failure(w->result) ? errc::refused : errc::ok, w->result);
        }
        return accepted;
    }
    if (w == nullptr) {
        w = filters.add(s);
        if (w == nullptr) {
            ops.discard(*op);
            return rejected(errc::out_of_memory);
        }
    }
    const submitted accepted = submit(now, *op, s.timeout);
    if (accepted.error != errc::ok) {
        if (!w->granted && w->carrier == nullptr) filters.remove(*w);
        return accepted;
    }
    w->take_options_of(s);
    w->renewed = false;  // that result was for what was asked before
    if (w->carrier != nullptr) w->carrier->filter = nullptr;
    w->carrier = op;
    op->filter = w;
    return accepted;
}

submitted engine::state::unsubscribe(time_point now, const unsubscription& u) {
    if (const errc error = refusing(); error != errc::ok) return rejected(error);
    const wire::unsubscribe packet{.filter = u.filter, .properties = u.properties};
    if (const errc error = wire.check_unsubscribe(packet); error != errc::ok) return rejected(error);
    if (const errc error = room_for(0); error != errc::ok) return rejected(error);
    errc error{};
    operation* op = make_packet(
        ops, limit, operation::kind::unsubscribe, false, u.filter.size(),
        [&](wire::writer& out) { wire.encode_unsubscribe(out, packet); }, error);
    if (op == nullptr) return rejected(error);
    op->done.owner = u.owner;
    if (error = sendable_now(*op); error != errc::ok) return rejected(error);
    const submitted accepted = submit(now, *op, u.timeout);
    if (accepted.error != errc::ok) return accepted;

    if (wanted* w = filters.find(u.filter)) {
        operation* carrier = w->carrier;
        filters.remove(*w);
        // A renewal that has not gone out yet need not go at all.
        if (carrier != nullptr && carrier->internal && carrier->now_in == operation::state::queued)
            complete(now, *carrier, errc::cancelled, reason_code::success);
    }
    return accepted;
}

void engine::state::acknowledge(time_point now, acknowledge_id id) {
    if (!inbox.full()) return inbox.acknowledge(id);
    inbox.acknowledge(id);
    if (inbox.full()) return;
    // We look at the world again: silence begins to count only now.
    judging_since_ = now;
    if (silent_since_) silent_since_ = now;
}

bool engine::state::drop_oldest_qos0(time_point now) {
    if (!outbox.is_offered()) turn_direct_into_operations();
    for (operation& op : ops.queued) {
        if (op.qos != 0 || op.touched) continue;
        complete(now, op, errc::dropped, reason_code::success);
        return true;
    }
    return false;
}

// ---- the end of an operation ------------------------------------------------------------------------------

void engine::state::settle(time_point now, operation& op, errc error, reason_code reason) {
    timers.remove(op);
    if (op.what == operation::kind::subscribe) settle_subscribe(now, op, error, reason);
}

void engine::state::settle_subscribe(time_point now, operation& op, errc error, reason_code reason) {
    for (auto at = ops.joined.begin(); at != ops.joined.end();) {
        operation& other = *at++;
        if (other.joined_to == &op) complete(now, other, error, reason);
    }
    const bool answered = error == errc::ok || error == errc::refused;
    if (wanted* w = op.filter) {
        op.filter = nullptr;
        w->carrier = nullptr;
        w->result = reason;
        if (error == errc::ok) w->granted = true;
        if (op.renewal && answered) w->renewed = true;
        if (error == errc::refused && op.renewal) {
            w->refusal_to_tell = true;
            tell(tell_refusals);
        }
        if (error != errc::ok && !w->granted) filters.remove(*w);  // refused at first request: forgotten
    }
    if (op.renewal && is_connected() && renewals_pending_ > 0 && --renewals_pending_ == 0) tell(tell_renewed);
}

/// Whoever asks for a direct publish wants to do something to it.
operation* engine::state::find(op_id id) {
    if (id.index != direct_publish::name_index) return ops.find(id);
    turn_direct_into_operations();
    for (operation_list* list : {&ops.batch, &ops.queued}) {
        for (operation& op : *list) {
            if (op.done.id == id) return &op;
        }
    }
    return nullptr;
}

/// Makes of direct publishes what they would be had they gone the long way: staged operations, or, when the transport
/// has not been given the batch yet, queued ones.
void engine::state::turn_direct_into_operations() {
    if (!wire::prefers_speed || direct.pending() == 0) return;
    const bool is_offered = outbox.is_offered();
    direct.turn_into_operations([&](const direct_publish& d) {
        operation* op = ops.create(operation::kind::publish, d.size, false);
        if (op == nullptr) return false;
        std::memcpy(op->packet(), outbox.before(d.end) - d.size, d.size);
        op->done.id = d.id();
        op->done.owner = d.owner;
        op->retain = (op->packet()[0] & 1) != 0;
        op->payload_size = d.payload_size;
        op->batch_end = d.end;
        op->touched = is_offered;
        ops.payload_bytes += d.payload_size;
        ops.enter_front(*op, is_offered ? operation::state::staged : operation::state::queued);
        return true;
    });
    if (!is_offered) outbox.reset();
}

bool engine::state::has_joined(const operation& carrier) const {
    for (const operation& other : ops.joined) {
        if (other.joined_to == &carrier) return true;
    }
    return false;
}

cancel_result engine::state::cancel(time_point now, op_id id, cancel_scope scope) {
    operation* op = find(id);
    if (op == nullptr || op->reported) return cancel_result::not_cancelled;
    if (scope == cancel_scope::if_untouched && op->touched) return cancel_result::not_cancelled;
    end_wait(now, *op, errc::cancelled);
    return cancel_result::cancelled;
}

/// Ends the wait, never the packet: what a transport or a session still knows of lives on silently.
void engine::state::end_wait(time_point now, operation& op, errc error) {
    const bool waits = op.now_in == operation::state::queued || op.now_in == operation::state::joined;
    if (waits && !has_joined(op)) return complete(now, op, error, reason_code::success);
    timers.remove(op);
    ops.report(op, error, reason_code::success);
}

void engine::state::report_all(errc error) {
    ops.for_each_list([this, error](operation_list& list) {
        for (operation& op : list) {
            timers.remove(op);
            ops.report(op, error, reason_code::success);
        }
    });
}

// ---- a lost connection, a lost session ----------------------------------------------------------------------

/// A later request for the same filter went out behind it: asked again now, it would undo that one.
bool engine::state::is_superseded(operation& op) const {
    if (op.what == operation::kind::subscribe) return op.filter == nullptr;
    // In UNSUBSCRIBE the filter comes last.
    const auto* filter = reinterpret_cast<const char*>(op.packet()) + op.packet_size - op.filter_size;
    return filters.find({filter, op.filter_size}) != nullptr;
}

void engine::state::requeue_after_loss(time_point now) {
    using in = operation::state;
    // What was answered before the transport reported its last byte has its answer all the same.
    for (auto at = ops.batch.begin(); at != ops.batch.end();) {
        operation& op = *at++;
        if (op.answered_early) on_staged_sent(now, op);
    }
    const auto ask_again = [this, now](operation& op) {
        if (is_superseded(op)) return complete(now, op, errc::cancelled, reason_code::success);
        ops.release_packet_id(op);
        ops.move_front(op, in::queued);
    };
    // From the back, so that what returns to the front of a queue keeps its order.
    while (operation* op = ops.batch.back()) {
        if (op->now_in == in::release_staged)
            ops.move_by_order(*op, in::release_due);
        else if (op->what != operation::kind::publish)
            ask_again(*op);
        else if (op->qos != 0)
            ops.move_by_order(*op, in::resend);
        else if (op->reported)
            ops.finish(*op);
        else
            ops.move_front(*op, in::queued);
    }
    while (operation* op = ops.awaiting_sub.back()) ask_again(*op);
    while (operation* op = ops.awaiting.front()) ops.move_by_order(*op, in::resend);
    while (operation* op = ops.releasing.front()) ops.move_by_order(*op, in::release_due);
    for (auto* list : {&ops.resend, &ops.release_due}) {
        for (operation& op : *list) {
            op.repubs = 0;
            op.counted = false;
        }
    }
    in_flight_ = 0;
}

void engine::state::lose_session(time_point now) {
    const auto start_over = [&](operation_list& list) {
        while (operation* op = list.back()) {
            if (op->reported) {
                ops.finish(*op);  // abandoned, and now unknown to everybody
            } else if (op->qos == 2 && config.qos2_on_lost_session == qos2_policy::report) {
                complete(now, *op, errc::session_lost, reason_code::success);
            } else {
                ops.release_packet_id(*op);
                op->packet()[0] &= static_cast<std::uint8_t>(~wire::dup_flag);
                op->done.may_be_duplicated = op->qos == 2;
                ops.move_front(*op, operation::state::queued);
            }
        }
    };
    start_over(ops.resend);
    start_over(ops.release_due);  // sent before all others: ends up in front
    inbox.on_session_lost();
}

/// An earlier CONNECT stayed without its CONNACK: that one may have told of a lost session, and what is present now is
/// its empty successor. What is sent again may then be new to the server.
void engine::state::doubt_session() {
    for (operation& op : ops.resend) op.done.may_be_duplicated = op.done.may_be_duplicated || op.qos == 2;
}

/// `all`: the server may not know our filters. That is so when it has no session, but also when an earlier CONNECT
/// stayed without its CONNACK: that one may have told of a lost session, and what is present now is its empty
/// successor. Otherwise only those are asked for again that were refused at the last renewal. False without memory.
bool engine::state::renew_filters(bool all) {
    for (wanted* w = filters.first(); w != nullptr; w = w->next) {
        if (!all && !is_failure(w->result)) continue;
        if (w->carrier != nullptr)
            w->carrier->renewal = true;
        else if (!renew(*w))
            return false;
    }
    return true;
}

bool engine::state::renew(wanted& w) {
    operation* op = make_subscribe(w.request(), true);
    if (op == nullptr) return false;
    op->renewal = true;
    op->filter = &w;
    w.carrier = op;
    ops.enter(*op, operation::state::queued);
    return true;
}

void engine::state::count_renewals() {
    renewals_pending_ = 0;
    for (const operation& op : ops.control) renewals_pending_ += op.renewal;
}

}  // namespace mqtt_as
