// Bytes in: framing, and what each packet of the server means.
#include "src/engine/state.hpp"
#include "src/wire/publish.hpp"

#include <algorithm>

namespace mqtt_as {

using wire::packet_type;

namespace {

constexpr std::uint8_t publish_nibble = 3;

/// PUBACK, PUBREC or PUBCOMP that says nothing but the packet identifier.
bool is_bare_acknowledgement(bytes in) {
    return in.size() >= wire::bare_acknowledgement_size && in[1] == 2 &&
           (in[0] == 0x40 || in[0] == 0x50 || in[0] == 0x70);
}

/// CONNACK answers what CONNECT asked for: authentication we never ask for [MQTT-4.12.0-7].
bool is_unasked(property_view properties, const connect_properties& asked) {
    for (const property& p : properties) {
        if (p.id == property_id::authentication_method || p.id == property_id::authentication_data) return true;
        if (p.id == property_id::response_information && !asked.request_response_information) return true;
    }
    return false;
}

/// [MQTT-3.1.2-29]
bool explains_unasked(property_view properties, const connect_properties& asked) {
    return !properties.empty() && !asked.request_problem_information;
}

}  // namespace

void engine::state::drop_assembly() {
    memory.give(assembly_, assembly_size_);
    assembly_ = nullptr;
    assembly_size_ = assembled_ = 0;
    assembly_used_ = false;
}

/// A packet that is whole in `in` is decoded where it lies; everything else is for `assemble`.
taken engine::state::on_bytes(time_point now, bytes in) {
    if (assembly_used_) drop_assembly();
    properties_ = {};
    received_ = nullptr;
    if (in.empty()) return {taken::why::need_more, 0};
    if (assembly_ != nullptr || header_size_ != 0) return assemble(now, in);

    // At the border between two packets.
    if (wire::prefers_speed && is_bare_acknowledgement(in)) {
        if (const std::size_t size = take_bare_acknowledgements(now, in); size != 0) return {taken::why::packet, size};
    }
    // Is there room for what comes?
    if ((in[0] >> 4 == publish_nibble && inbox.full()) || inbox.due_full()) return {taken::why::busy, 0};
    const wire::fixed_header header = wire::read_short_header(in, wire);
    const std::size_t size = header.packet_size();
    const bool is_whole = header.state == wire::fixed_header::status::complete && size <= in.size();
    if (!is_whole || size > limit.packet_bytes_max) return assemble(now, in);
    last_received_ = now;
    on_packet(now, header.type(), header.flags(), in.subspan(header.header_size, header.remaining_length));
    return {taken::why::packet, size, received_};
}

/// The publish for which such an answer is due.
inline operation* engine::state::answered_by(packet_type type, std::uint16_t packet_id) {
    operation* op = ops.by_packet_id(packet_id);
    if (op == nullptr || op->what != operation::kind::publish) return nullptr;
    const bool first_step = type == packet_type::puback || type == packet_type::pubrec;
    const bool fits_qos = (type == packet_type::puback) == (op->qos == 1);
    const bool published = op->now_in == operation::state::awaiting || op->now_in == operation::state::resend ||
                           op->now_in == operation::state::staged;
    return fits_qos && first_step == published ? op : nullptr;
}

/// A busy publisher mostly hears PUBACK, PUBREC and PUBCOMP of four bytes. They have nothing to say that would have to
/// be told before the next one, so all of them are taken at once: those that answer something, until anything else
/// comes.
std::size_t engine::state::take_bare_acknowledgements(time_point now, bytes in) {
    const std::size_t size = in.size();
    for (; is_online() && is_bare_acknowledgement(in); in = in.subspan(wire::bare_acknowledgement_size)) {
        const auto type = static_cast<packet_type>(in[0] >> 4);
        operation* const op = answered_by(type, wire::read_u16(in.data() + 2));
        if (op == nullptr) break;
        on_answer(now, *op, type, reason_code::success);
    }
    if (in.size() == size) return 0;
    last_received_ = now;
    on_life(now);
    return size - in.size();
}

/// Collects the header of a packet that comes in parts, then, in a block of the packet's size, the rest. A header that
/// is no good ends here, too.
taken engine::state::assemble(time_point now, bytes in) {
    last_received_ = now;
    if (assembly_ != nullptr) {
        const std::size_t part = std::min(assembly_size_ - assembled_, in.size());
        std::memcpy(assembly_ + assembled_, in.data(), part);
        assembled_ += part;
        if (assembled_ < assembly_size_) {
            on_life(now);
            return {taken::why::need_more, part};
        }
        assembly_used_ = true;
        const bytes packet(assembly_, assembly_size_);
        const wire::fixed_header header = wire::read_fixed_header(packet, wire);
        on_packet(now, header.type(), header.flags(), packet.subspan(header.header_size));
        return {taken::why::packet, part, received_};
    }

    // The header from what was kept and what came.
    std::uint8_t head[wire::fixed_header_max];
    const std::size_t kept = header_size_;
    const std::size_t more = std::min(sizeof head - kept, in.size());
    std::memcpy(head, header_, kept);
    std::memcpy(head + kept, in.data(), more);
    const bytes seen(head, kept + more);
    const wire::fixed_header header = wire::read_fixed_header(seen, wire);
    if (header.state == wire::fixed_header::status::malformed) {
        end_by_violation(now, header.why);
        return {taken::why::closed, in.size()};
    }
    if (header.state == wire::fixed_header::status::need_more) {
        std::memcpy(header_, seen.data(), seen.size());
        header_size_ = static_cast<std::uint8_t>(seen.size());
        on_life(now);
        return {taken::why::need_more, in.size()};
    }
    header_size_ = 0;
    const std::size_t size = header.packet_size();
    const violation v = !is_expected(header.type())     ? violation::unexpected_packet
                        : size > limit.packet_bytes_max ? violation::packet_too_large
                                                        : violation::none;
    if (v != violation::none) {  // before it can take any memory
        end_by_violation(now, v);
        return {taken::why::closed, in.size()};
    }
    assembly_ = static_cast<std::uint8_t*>(memory.take(size));
    if (assembly_ == nullptr) {
        end_connection(now, {.error = errc::out_of_memory});
        return {taken::why::closed, in.size()};
    }
    assembly_size_ = size;
    const std::size_t part = std::min(size - kept, in.size());
    std::memcpy(assembly_, head, kept);
    std::memcpy(assembly_ + kept, in.data(), part);
    assembled_ = kept + part;
    if (assembled_ == assembly_size_) {
        assembly_used_ = true;
        on_packet(now, header.type(), header.flags(), bytes(assembly_ + header.header_size, header.remaining_length));
        return {taken::why::packet, part, received_};
    }
    on_life(now);
    return {taken::why::need_more, part};
}

void engine::state::on_packet(time_point now, packet_type type, std::uint8_t flags, bytes body) {
    if (!is_expected(type)) return end_by_violation(now, violation::unexpected_packet);
    switch (type) {
    case packet_type::publish: on_publish(now, flags, body); break;
    case packet_type::puback:
    case packet_type::pubrec:
    case packet_type::pubrel:
    case packet_type::pubcomp: on_acknowledgement(now, type, body); break;
    case packet_type::suback:
    case packet_type::unsuback: on_subscription_acknowledgement(now, type, body); break;
    case packet_type::connack: on_connack(now, body); break;
    case packet_type::pingresp:
        if (std::exchange(ping_outstanding_, false)) on_round_trip(now - ping_sent_at_);
        break;
    case packet_type::disconnect: {
        wire::disconnect d;
        if (const violation v = wire.decode_disconnect(body, d); v != violation::none) return end_by_violation(now, v);
        properties_ = d.properties;
        return end_connection(now, {.error = errc::server_disconnected, .reason = d.reason});
    }
    default: return end_by_violation(now, violation::unexpected_packet);  // AUTH: we never asked for it
    }
    if (is_connected()) {
        on_life(now);
        check_drained(now);
    }
}

void engine::state::on_connack(time_point now, bytes body) {
    wire::connack ack;
    if (const violation v = wire.decode_connack(body, ack); v != violation::none) return end_by_violation(now, v);
    if (is_unasked(ack.properties, config.properties)) return end_by_violation(now, violation::unasked_property);
    properties_ = ack.properties;
    if (is_failure(ack.reason)) {
        --connects_unanswered_;
        return end_connection(now, {.error = errc::connection_refused, .reason = ack.reason});
    }
    if (ack.session_present && clean_start_) return end_by_violation(now, violation::bad_session_present);
    // An application that says clean_init = false has the session by its own word; otherwise it must be ours.
    const bool session_is_ours = have_session_ || (!ever_online_ && !config.clean_init) || wiped_;
    if (ack.session_present && !session_is_ours) return end_connection(now, {.error = errc::session_unknown});
    if (wiping_) {
        wiped_ = true;
        connects_unanswered_ = 0;
        after_ = after::reopen;
        return leave(now, reason_code::success);
    }
    if (!ack.assigned_client_identifier.empty() && assigned_client_id_.reserve(ack.assigned_client_identifier.size())) {
        assigned_client_id_size_ = static_cast<std::uint16_t>(ack.assigned_client_identifier.size());
        std::memcpy(assigned_client_id_.data(), ack.assigned_client_identifier.data(), assigned_client_id_size_);
    }
    go_online(now, ack);
}

void engine::state::on_publish(time_point now, std::uint8_t flags, bytes body) {
    wire::publish& p = arrived_;
    if (const violation v = wire.decode_publish(flags, body, p); v != violation::none) return end_by_violation(now, v);
    // Judged before the inbox gives it a place: what is never told to the application cannot be acknowledged by it.
    if (wire.limits_inbound && inbox.exceeds(config.receive_maximum, p.packet_id, p.qos))
        return end_by_violation(now, violation::receive_maximum_exceeded);
    switch (inbox.on_publish(p.packet_id, p.qos, p.id)) {
    case inbox::arrival::fresh: received_ = &p; return;
    case inbox::arrival::repeated: ++count.duplicates_dropped; return;
    case inbox::arrival::out_of_memory: return end_connection(now, {.error = errc::out_of_memory});
    }
}

void engine::state::on_acknowledgement(time_point now, packet_type type, bytes body) {
    wire::acknowledgement ack;
    if (const violation v = wire.decode_acknowledgement(type, body, ack); v != violation::none)
        return end_by_violation(now, v);
    if (explains_unasked(ack.properties, config.properties)) return end_by_violation(now, violation::unasked_property);
    if (type == packet_type::pubrel) return inbox.on_pubrel(ack.packet_id);
    properties_ = ack.properties;

    if (operation* op = answered_by(type, ack.packet_id)) return on_answer(now, *op, type, ack.reason);
    // Late, repeated or unknown: no harm. A PUBREC of a flow that nobody knows is released, so that
    // the server can forget it, too.
    ++count.unknown_acknowledgements;
    if (type == packet_type::pubrec && ops.by_packet_id(ack.packet_id) == nullptr && !is_failure(ack.reason))
        inbox.push_due({ack.packet_id, packet_type::pubrel, reason_code::packet_identifier_not_found});
}

void engine::state::on_subscription_acknowledgement(time_point now, packet_type type, bytes body) {
    wire::subscription_acknowledgement ack;
    const auto decode = type == packet_type::suback ? wire.decode_suback : wire.decode_unsuback;
    if (const violation v = decode(body, ack); v != violation::none) return end_by_violation(now, v);
    if (explains_unasked(ack.properties, config.properties)) return end_by_violation(now, violation::unasked_property);
    properties_ = ack.properties;

    const auto asked = type == packet_type::suback ? operation::kind::subscribe : operation::kind::unsubscribe;
    operation* op = ops.by_packet_id(ack.packet_id);
    if (op == nullptr || op->what != asked) {
        ++count.unknown_acknowledgements;
        return;
    }
    // We ask for one filter at a time. UNSUBACK of 3.1.1 has no codes at all.
    if (ack.reasons.size() > 1) return end_by_violation(now, violation::wrong_code_count);
    on_answer(now, *op, type, ack.reasons.empty() ? reason_code::success : static_cast<reason_code>(ack.reasons[0]));
}

void engine::state::release(operation& op) {
    op.repubs = 0;
    ops.move_by_order(op, operation::state::release_due);
}

}  // namespace mqtt_as
