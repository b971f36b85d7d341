// Bytes in: framing, and what each packet of the server means.
#include "src/engine/state.hpp"
#include "src/wire/publish.hpp"

namespace mqtt_as {

using wire::packet_type;

namespace {

constexpr std::uint8_t publish_nibble = 3;

/// PUBACK, PUBREC or PUBCOMP that says nothing but the packet identifier.
bool is_bare_acknowledgement(bytes in) {
    return in.size() >= wire::bare_acknowledgement_size && in[1] == 2 &&
           (in[0] == 0x40 || in[0] == 0x50 || in[0] == 0x70);
}

}  // namespace

/// A packet that is whole in `in` is decoded where it lies; everything else is for `assemble`, on boards all.
taken engine::state::on_bytes(bytes in) {
    // The first sign behind a slow upload: what was sent in its wake may take its time from here.
    if (std::exchange(is_draining_, false)) judging_since_ = now_;
    if (std::exchange(assembly_used_, false)) assembly.drop();
    properties_ = property_view();
    has_message_ = false;
    if (in.empty()) return {taken::why::need_more, 0};
    if (!assembly.empty()) return assemble(in);

    // At the border between two packets.
    if (profile::prefers_speed && is_bare_acknowledgement(in)) {
        if (const std::size_t size = take_bare_acknowledgements(in); size != 0) return {taken::why::packet, size};
    }
    // Is there room for what comes?
    if ((in[0] >> 4 == publish_nibble && inbox.full()) || inbox.due_full()) return {taken::why::busy, 0};
    if (!profile::prefers_speed) return assemble(in);
    const wire::fixed_header header = wire::read_short_header(in, *wire);
    const std::size_t size = header.packet_size();
    const bool is_whole = header.is_complete && size <= in.size();
    if (!is_whole || size > limit.packet_bytes_max || !is_expected(header.type())) return assemble(in);
    last_received_ = now_;
    on_packet(header.type(), header.flags(), in.subspan(header.header_size, header.remaining_length));
    return {taken::why::packet, size, message_read()};
}

/// The operation for which such an answer is due.
inline operation* engine::state::answered_by(packet_type type, std::uint16_t packet_id) {
    operation* op = ops.by_packet_id(packet_id);
    return op != nullptr && op->awaited_answer() == type ? op : nullptr;
}

/// A busy publisher mostly hears PUBACK, PUBREC and PUBCOMP of four bytes. They have nothing to say that would have to
/// be told before the next one, so all of them are taken at once: those that answer something, until anything else
/// comes.
std::size_t engine::state::take_bare_acknowledgements(bytes in) {
    const std::size_t size = in.size();
    for (; is_online() && is_bare_acknowledgement(in); in = in.subspan(wire::bare_acknowledgement_size)) {
        operation* const op = answered_by(static_cast<packet_type>(in[0] >> 4), wire::read_u16(in.data() + 2));
        if (op == nullptr) break;
        on_answer(*op, reason_code::success);
    }
    if (in.size() == size) return 0;
    last_received_ = now_;
    on_life();
    return size - in.size();
}

/// Collects the header of a packet that comes in parts, then the rest. A header that is no good ends here, too.
taken engine::state::assemble(bytes in) {
    last_received_ = now_;
    std::size_t taken_now = 0;
    wire::fixed_header& header = assembly.header;
    while (!header.is_complete && taken_now != in.size()) {
        header.add(in[taken_now++], *wire);
        if (header.needs_more()) continue;
        const violation v = header.why != violation::none                   ? header.why
                            : !is_expected(header.type())                   ? violation::unexpected_packet
                            : header.packet_size() > limit.packet_bytes_max ? violation::packet_too_large
                                                                            : violation::none;
        if (v != violation::none)  // before it can take any memory
            end_by_violation(v);
        else if (!assembly.begin())
            end_connection(errc::out_of_memory);
        else
            break;
        return {taken::why::closed, in.size()};
    }
    taken_now += assembly.add(in.subspan(taken_now));
    if (!assembly.is_whole()) {
        on_life();
        return {taken::why::need_more, taken_now};
    }
    assembly_used_ = true;
    on_packet(header.type(), header.flags(), assembly.body());
    return {taken::why::packet, taken_now, message_read()};
}

inline void engine::state::on_pingresp() {
    if (std::exchange(ping_outstanding_, false))
        on_round_trip(now_ - ping_sent_at_);
    else if (profile::is_board ||
             std::exchange(ping_end_, 0) == 0)  // else the transport has yet to say that it took it
        return;
    orphans_.on_pingresp();
}

inline violation engine::state::take_packet(packet_type type, std::uint8_t flags, bytes body) {
    switch (type) {
    case packet_type::publish: return on_publish(flags, body);
    case packet_type::connack: return on_connack(body);
    case packet_type::pingresp: on_pingresp(); return violation::none;
    case packet_type::auth:
        if constexpr (profile::only_v3_1_1) break;
        return violation::unexpected_packet;  // we never asked for it
    default: break;
    }
    return on_answer(type, body);
}

void engine::state::on_packet(packet_type type, std::uint8_t flags, bytes body) {
    const violation v = take_packet(type, flags, body);
    if (v != violation::none) return end_by_violation(v);
    if (is_connected()) {
        on_life();
        check_drained();
    }
}

violation engine::state::on_connack(bytes body) {
    wire::connack ack;
    if (const violation v = wire->decode_connack(body, ack); v != violation::none) return v;
    if (ack.has_response_information && !config.properties.request_response_information)
        return violation::unasked_property;
    if (is_failure(ack.reason)) {
        --connects_unanswered_;
        end_connection(errc::connection_refused, ack.reason);
        properties_ = ack.properties;
        return violation::none;
    }
    if (ack.session_present && clean_start_) return violation::bad_session_present;
    // An application that says clean_init = false has the session by its own word; otherwise it must be ours.
    const bool session_is_ours = wiped_ || (ever_online_ ? keeps_session() : !config.clean_init);
    if (ack.session_present && !session_is_ours) {
        end_connection(errc::session_unknown);
    } else if (wiping_) {
        wiped_ = true;
        connects_unanswered_ = 0;
        after_ = after::reopen;
        leave(reason_code::success);
    } else {
        given_client_id_.keep(ack.assigned_client_identifier, ops.memory);
        go_online(ack);
        properties_ = ack.properties;
    }
    return violation::none;
}

violation engine::state::on_publish(std::uint8_t flags, bytes body) {
    wire::publish& p = message_out();
    if (const violation v = wire->decode_publish(flags, body, p); v != violation::none) return v;
    if (p.qos > profile::qos_max) return violation::bad_qos;  // more than we ever subscribe with
    // Judged before the inbox gives it a place: what is never told to the application cannot be acknowledged by it.
    if (wire->has_receive_maximum && inbox.exceeds(config.receive_maximum, p.packet_id, p.qos))
        return violation::receive_maximum_exceeded;
    switch (inbox.on_publish(p.packet_id, p.qos, p.id)) {
    case inbox::arrival::fresh: has_message_ = true; break;
    case inbox::arrival::repeated: ++count.duplicates_dropped; break;
    case inbox::arrival::out_of_memory: end_connection(errc::out_of_memory); break;
    }
    return violation::none;
}

/// An acknowledgement, or DISCONNECT.
violation engine::state::on_answer(packet_type type, bytes body) {
    wire::answer ack;
    if (const violation v = wire->decode_answer(type, body, ack); v != violation::none) return v;
    const bool says_goodbye = !profile::only_v3_1_1 && type == packet_type::disconnect;
    // An acknowledgement may explain itself only where we asked for that [MQTT-3.1.2-29].
    if (!says_goodbye && !ack.properties.empty() && !config.properties.request_problem_information)
        return violation::unasked_property;
    if (says_goodbye) {
        end_connection(errc::server_disconnected, ack.reason);
    } else if (type == packet_type::pubrel) {
        if (!inbox.on_pubrel(ack.packet_id)) end_connection(errc::out_of_memory);
    } else if (operation* op = answered_by(type, ack.packet_id)) {
        on_answer(*op, ack.reason);
    } else {
        // Late, repeated or unknown: no harm. A PUBREC of a flow that nobody knows is released, so that
        // the server can forget it, too.
        if (profile::is_board || !orphans_.have_begun()) ++count.unknown_acknowledgements;
        const bool to_release =
            type == packet_type::pubrec && ops.by_packet_id(ack.packet_id) == nullptr && !is_failure(ack.reason);
        if (to_release &&
            !inbox.push_due({ack.packet_id, packet_type::pubrel, reason_code::packet_identifier_not_found}))
            end_connection(errc::out_of_memory);
    }
    properties_ = ack.properties;
    return violation::none;
}

void engine::state::release(operation& op) {
    op.released = true;
    op.repubs = 0;
    ops.move_by_order(op, place::release_due);
}

}  // namespace mqtt_as
