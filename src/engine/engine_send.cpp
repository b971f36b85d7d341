// Bytes out: what goes into the next batch, in which order, and what follows when the transport has taken it.
#include "src/engine/state.hpp"
#include "src/wire/publish.hpp"

namespace mqtt_as {

using wire::packet_type;

std::size_t engine::state::poll_transmit(std::span<bytes> gather) {
    if (phase_ == phase::closing && !leaving_) return 0;  // the rest of a batch goes nowhere any more
    if (!outbox.is_offered()) {
        if (phase_ == phase::handshake)
            stage_connect();
        else if (is_connected())
            stage_online();
        else if (leaving_ && disconnect_due_)
            disconnect_due_ = !stage_short_packet(packet_type::disconnect, 0, goodbye_);
        if (outbox.empty()) return 0;
        outbox.offer();
        // A transport that takes nothing at all is silence, too.
        if (is_connected() && !is_silent_) {
            is_silent_ = silent_by_write_ = true;
            silent_since_ = now_;
        }
    }
    return outbox.rest(gather);
}

void engine::state::stage_connect() {
    if (!connect_due_) return;
    const bool starts_anew = !config.clean && config.clean_init && !ever_online_ && !wiped_;
    wiping_ = starts_anew && !wire->may_start_clean_and_keep;
    clean_start_ = config.clean || starts_anew;
    const wire::connect c{.config = config,
                          .client_id = given_client_id_.text().empty() ? config.client_id : given_client_id_.text(),
                          .clean_start = clean_start_,
                          // The will belongs to the connection that stays.
                          .last_will = config.will && !wiping_ ? &*config.will : nullptr,
                          .session_expiry_interval = keeps_session() ? config.session_expiry : 0,
                          .maximum_packet_size = profile::is_board || limit.packet_bytes_max < wire::packet_bytes_max
                                                     ? static_cast<std::uint32_t>(limit.packet_bytes_max)
                                                     : 0};
    const auto encode = [&](wire::writer& out) { wire->encode_connect(out, c); };
    if (!outbox.append_connect(assembly.room(limit), encode)) return;  // the stage runs into its limit
    connect_due_ = false;
    if (connects_unanswered_ < 2) ++connects_unanswered_;
}

/// Acknowledgements and PUBREL first: they end things. Then what an earlier connection began, then what is asked of the
/// server, then new messages. Everything but new publishes goes even when the receive maximum is used up
/// [MQTT-3.3.4-8].
void engine::state::stage_online() {
    while (inbox.has_due()) {
        const mqtt_as::inbox::acknowledgement& ack = inbox.next_due();
        if (!stage_short_packet(ack.type, ack.packet_id, ack.reason)) return;
        inbox.pop_due();
    }
    while (operation* op = ops.front(place::release_due)) {
        if (!stage_short_packet(packet_type::pubrel, op->packet_id, reason_code::success)) return;
        if (op->release_sent && op->repubs == 0) ++count.resent;
        if (!has_quota() && !op->counted) {  // begun on an earlier connection, and unfinished as before
            op->counted = true;
            ++in_flight_;
        }
        op->release_sent = true;
        op->batch_end = static_cast<size_type>(outbox.size());
        ops.move(*op, place::batch);
    }
    if (ping_due_ && stage_short_packet(packet_type::pingreq, 0, reason_code::success)) {
        ping_end_ = static_cast<size_type>(outbox.size());
        ping_due_ = false;
    }
    renew_filters();
    if (!stage_all(place::resend) || phase_ == phase::draining) return;  // then only what was begun
    if (stage_all(place::control)) (void)stage_all(place::queued);
}

/// With a PINGREQ behind the last one. Until then no other is on its way: PINGRESP must be the answer to that one. Nor
/// is a message of ours, whose identifier would be among them.
void engine::state::release_orphans() {
    const bool has_own = profile::is_board ? has_unanswered() : !ops.empty(place::batch) || !ops.empty(place::awaiting);
    if (ping_outstanding_ || has_own || (profile::makes_batches && ping_end_ != 0)) return;
    while (stage_short_packet(packet_type::pubrel, orphans_.next(), reason_code::success)) {
        orphans_.release_next();
        if (!orphans_.are_released()) continue;
        ping_due_ = true;
        return;
    }
}

bool engine::state::stage_all(place where) {
    while (operation* op = ops.front(where)) {
        if (!stage_operation(*op)) return false;
    }
    return true;
}

bool engine::state::stage_short_packet(packet_type type, std::uint16_t packet_id, reason_code reason) {
    if (!outbox.has_room(wire::short_packet_max)) return false;
    // A reason is left out where the version or the server has no room for it [MQTT-3.2.2-15].
    const std::uint32_t bare_size = packet_id != 0 ? wire::bare_acknowledgement_size : wire::bare_packet_size;
    if (!wire->has_reasons || agreed_.maximum_packet_size <= bare_size) reason = reason_code::success;
    std::uint8_t* const to = outbox.room_for(wire::short_packet_max).data();
    (void)outbox.append(wire::put_short_packet(to, type, packet_id, reason));
    return true;
}

/// False when this one, and so every later one, must wait. One that can never be sent is ended here.
bool engine::state::stage_operation(operation& op) {
    const bool again = op.now_in == place::resend;
    errc error = unsendable(op);
    // What nobody waits for is sent again once. A server that hangs up over it would be asked first, and for ever.
    if (op.reported && (op.packet()[0] & wire::dup_flag) != 0 && op.repubs == 0) error = errc::cancelled;
    if (error != errc::ok) {
        if (again && op.qos == 2) orphans_.on_given_up();
        complete(op, error);
        return true;
    }
    if (outbox.is_full()) return false;
    const bool uses_quota = counts(op);
    if (uses_quota && in_flight_ >= agreed_.receive_maximum) return false;
    if (again) {
        op.packet()[0] |= wire::dup_flag;
    } else if (op.qos != 0 || !op.is_publish()) {
        if (op.qos == 2 && orphans_.are_possible()) [[unlikely]] {
            release_orphans();
            return false;
        }
        if (!ops.bind_packet_id(op)) return false;
        op.write_packet_id();
    }
    if (!outbox.append(op)) {
        if (!again) ops.release_packet_id(op);  // identifiers are bound only to what is staged
        return false;
    }
    if (!again)
        ops.come_last(op);
    else if (op.repubs == 0)
        ++count.resent;
    if (uses_quota) {
        op.counted = true;
        ++in_flight_;
    }
    op.touched = true;
    ops.move(op, place::batch);
    return true;
}

void engine::state::on_sent(std::size_t size) {
    // The transport was full and has room again: the peer took something.
    if (outbox.partly_sent() && size != 0) on_life();
    const bool through = outbox.on_sent(size);
    direct.on_sent(outbox.sent());
    while (operation* op = ops.front(place::batch)) {
        if (op->batch_end > outbox.sent()) break;
        on_staged_sent(*op);
    }
    if (ping_end_ != 0 && ping_end_ <= outbox.sent()) {
        ping_end_ = 0;
        if (!std::exchange(ping_outstanding_, true)) ping_sent_at_ = now_;
    }
    if (through) {
        outbox.reset();
        if (leaving_ && !disconnect_due_) return close_transport();
    }
    if (!is_connected()) return;
    if (through && std::exchange(silent_by_write_, false)) silent_since_ = now_;
    if (!awaits_answer()) is_silent_ = false;
    check_drained();
}

}  // namespace mqtt_as
