// The flows that a client opens at the simulated broker: PUBLISH, SUBSCRIBE, UNSUBSCRIBE, judged and acknowledged.
#include "tests/sim/broker.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_as::sim {

void broker::on_publish(connection_id id, connection& c, const packet& p, std::size_t) {
    if (p.dup) ++seen_dup_;
    if (p.qos > c.agreed.maximum_qos) return violation("a qos above the maximum [MQTT-3.2.2-11]");
    if (p.retain && !c.agreed.retain_available) return violation("RETAIN although not available [MQTT-3.2.2-14]");
    operation* op = oracle_.arrived(p);
    if (op == nullptr) return;
    if (p.qos == 0) return deliver(*op, p);
    if (!session_ || session_->on != id) return;

    bool is_new = false;
    flow& f = open_flow(p, is_new);
    const bool is_swallowed = !is_new && is_orphan(f);
    if (is_swallowed) {
        judge_.tell("broker: takes it for what an earlier process left");
        f.serial = op->serial;
    } else if (is_new) {
        const bool may_be_new_to_us = (c.resumed && !c.fresh_seen) || c.strange.contains(p.id);
        if (p.dup && !may_be_new_to_us) return violation("DUP on a first transmission [MQTT-3.3.1-1]");
        f.qos = p.qos;
        f.serial = op->serial;
        // A flow that comes back because our acknowledgement was late or lost keeps its place.
        const auto ended = session_->ended.find(p.id);
        const bool came_back = p.dup && ended != session_->ended.end() && ended->second.first == op->serial;
        f.order = came_back ? ended->second.second : ++arrivals_;
    } else if (f.what != kind::publish || f.serial != op->serial) {
        return violation("packet identifier " + std::to_string(p.id) + " is in use [MQTT-2.2.1-3]");
    } else if (!judge_resend(id, c, p, f)) {
        return;
    }
    c.fresh_seen = c.fresh_seen || !p.dup;
    f.last_on = id;
    c.open.insert(p.id);
    if (c.open.size() > c.agreed.receive_maximum) return violation("above the receive maximum [MQTT-3.3.4-7]");

    packet ack{.type = p.qos == 1 ? kind::puback : kind::pubrec, .id = p.id};
    if (is_new && p.qos == 2 && drops_more_of_qos2(c)) {
        judge_.tell("broker: drops it and acknowledges it");
        return acknowledge(id, ack);
    }
    if (is_new && c.level == 5 && take(p.qos == 1 ? fault::failing_puback : fault::failing_pubrec)) {
        f.refusal = random_.one_of<std::uint8_t>({0x80, 0x83, 0x87, 0x90, 0x97, 0x99});
        oracle_.refused(*op);
    } else if (is_new) {
        deliver(*op, p);
    }
    ack.reason = f.refusal;
    acknowledge(id, ack);
}

/// What is open under the identifier of `p`. An orphan makes room: its client has forgotten it, and means something
/// new. But one of qos 2 stays until PUBREL, and swallows its like.
broker::flow& broker::open_flow(const packet& p, bool& is_new) {
    if (p.qos != 2) session_->last_begun = p.id;
    const auto found = session_->flows.find(p.id);
    const bool is_in_the_way = found != session_->flows.end() && is_orphan(found->second);
    if (is_in_the_way && (found->second.qos != 2 || p.qos != 2)) session_->flows.erase(found);
    const auto [at, inserted] = session_->flows.try_emplace(p.id);
    is_new = inserted;
    return at->second;
}

bool broker::drops_more_of_qos2(const connection& c) const {
    if (c.level != 4) return false;
    const auto unfinished = std::ranges::count_if(
        session_->flows, [](const auto& each) { return each.second.what == kind::publish && each.second.qos == 2; });
    return static_cast<std::size_t>(unfinished) > options_.unfinished_qos2_max;
}

/// A PUBLISH under an identifier whose flow is open: a resend, and is it allowed?
bool broker::judge_resend(connection_id id, connection& c, const packet& p, flow& f) {
    const auto wrong = [&](const char* why) {
        violation("PUBLISH " + std::to_string(p.id) + " sent again " + why);
        return false;
    };
    if (!p.dup) return wrong("without DUP [MQTT-3.3.1-1]");
    if (f.released) return wrong("after PUBREL [MQTT-4.3.3-6]");
    if (f.last_on == id) return c.level == 4 || wrong("on a live connection [MQTT-4.4.0-1]");
    if (c.fresh_seen) return wrong("behind a new one [MQTT-4.6.0-1]");
    if (f.order < c.last_resend) return wrong("out of order [MQTT-4.6.0-1]");
    c.last_resend = f.order;
    return true;
}

void broker::on_pubrel(connection_id id, connection& c, const packet& p) {
    if (!session_ || session_->on != id) return;
    const std::string name = "PUBREL " + std::to_string(p.id);
    const auto at = session_->flows.find(p.id);
    if (at == session_->flows.end()) {
        // The client may not have seen our PUBCOMP; otherwise it has no reason to send this.
        if (!c.resumed && !c.strange.contains(p.id)) return violation(name + " for a message that was never sent");
        packet ack{.type = kind::pubcomp, .id = p.id};
        if (c.level == 5) ack.reason = 0x92;
        return acknowledge(id, ack);
    }
    flow& f = at->second;
    if (is_orphan(f)) {  // whoever could break a rule is gone
        session_->flows.erase(at);
        return acknowledge(id, {.type = kind::pubcomp, .id = p.id});
    }
    if (f.what != kind::publish || !f.received) {
        // A PUBREC in the place of PUBACK may have met one for whom the message was over.
        if (f.qos != 2 && c.strange.contains(p.id)) return acknowledge(id, {.type = kind::pubcomp, .id = p.id});
        return violation(name + " before PUBREC [MQTT-4.3.3-4]");
    }
    const bool is_first_here = !f.released || f.released_on != id;
    // One of ours came out of the blue and met a PUBLISH on its way: that was the client's PUBREC, before all others.
    const bool is_strange = c.strange.contains(p.id);
    if (is_first_here && !is_strange && f.pubrec_order < c.last_pubrel)
        return violation(name + " not in the order of PUBREC [MQTT-4.6.0-4]");
    if (!is_first_here && c.level == 5 && !is_strange)
        return violation(name + " sent again on a live connection [MQTT-4.4.0-1]");
    if (is_first_here && !is_strange) c.last_pubrel = f.pubrec_order;
    f.released = true;
    f.released_on = id;
    acknowledge(id, {.type = kind::pubcomp, .id = p.id});
}

void broker::on_subscribe(connection_id id, connection& c, const packet& p) {
    if (!session_ || session_->on != id) return;
    bool is_new = false;
    flow& f = open_flow(p, is_new);
    const bool is_repeat = !is_new && f.what == kind::subscribe && f.filters == p.filters;
    if (!is_new && !(is_repeat && (c.level == 4 || f.last_on != id)))
        return violation("SUBSCRIBE under an identifier in use [MQTT-2.2.1-3]");
    f.what = kind::subscribe;
    f.filters = p.filters;
    f.last_on = id;
    packet ack{.type = kind::suback, .id = p.id};
    for (const requested_filter& asked : p.filters) {
        if (take(fault::refused_suback)) {
            oracle_.filter_refused(asked.filter);
            ack.codes.push_back(c.level == 4 ? std::uint8_t{0x80}
                                             : random_.one_of<std::uint8_t>({0x80, 0x83, 0x87, 0x8F, 0x97}));
            continue;
        }
        const bool is_first = !session_->subscriptions.contains(asked.filter);
        const bool lies = sabotage_ == sabotage::wrong_options;
        session_->subscriptions[asked.filter] = static_cast<std::uint8_t>(asked.options ^ (lies ? 1 : 0));
        ack.codes.push_back(static_cast<std::uint8_t>(asked.options & 3));
        send_retained(asked, is_first);
    }
    acknowledge(id, ack);
}

void broker::on_unsubscribe(connection_id id, connection& c, const packet& p) {
    if (!session_ || session_->on != id) return;
    bool is_new = false;
    flow& f = open_flow(p, is_new);
    const bool is_repeat = !is_new && f.what == kind::unsubscribe && f.filters == p.filters;
    if (!is_new && !(is_repeat && (c.level == 4 || f.last_on != id)))
        return violation("UNSUBSCRIBE under an identifier in use [MQTT-2.2.1-3]");
    f.what = kind::unsubscribe;
    f.filters = p.filters;
    f.last_on = id;
    packet ack{.type = kind::unsuback, .id = p.id};
    for (const requested_filter& each : p.filters) {
        const bool existed = session_->subscriptions.erase(each.filter) > 0;
        if (c.level == 5) ack.codes.push_back(existed ? 0 : 0x11);
    }
    acknowledge(id, ack);
}

/// An acknowledgement leaves, unless a fault holds it back, repeats it or lets another one overtake it.
void broker::acknowledge(connection_id id, packet p) {
    const auto later = [this, id, p](std::uint64_t ms) { time_.after(ms, [this, id, p] { transmit(id, p); }); };
    connection& c = at(id);
    const auto at = session_->flows.find(p.id);
    if (take(fault::wrong_acknowledgement)) send_wrong_acknowledgement(id, c, p);
    if (p.type == kind::puback) {
        if (at != session_->flows.end() && at->second.withhold > 0) {
            --at->second.withhold;
            return;
        }
        if (take(fault::withhold_puback)) return;
        if (at != session_->flows.end() && take(fault::withhold_puback_5)) {
            at->second.withhold = 4;
            return;
        }
        if (take(fault::late_puback)) return later(12'000);
    }
    if (p.type == kind::pubrec && take(fault::withhold_pubrec)) return;
    if (p.type == kind::pubcomp && take(fault::withhold_pubcomp)) return;
    if (p.type == kind::suback && take(fault::withhold_suback)) return;
    if (take(fault::reordered_acknowledgement)) {
        c.held.push_back(p);
        time_.after(500, [this, id] {
            for (const packet& held : std::exchange(this->at(id).held, {})) transmit(id, held);
        });
        return;
    }
    if (options_.processing_ms > 0) return later(options_.processing_ms);
    transmit(id, p);
    if (take(fault::duplicate_acknowledgement)) {
        this->at(id).strange.insert(p.id);
        transmit(id, p);
    }
    for (const packet& held : std::exchange(this->at(id).held, {})) transmit(id, held);
}

/// An acknowledgement of a kind that this identifier does not wait for. The right one follows as ever.
void broker::send_wrong_acknowledgement(connection_id id, connection& c, const packet& right) {
    const kind wrong = right.type == kind::puback   ? random_.one_of({kind::pubrec, kind::pubcomp})
                       : right.type == kind::pubrec ? random_.one_of({kind::puback, kind::pubcomp})
                                                    : kind::puback;
    judge_.tell(std::string("  < ") + name_of(wrong) + " in the place of " + name_of(right.type));
    c.strange.insert(right.id);
    send(id, write_packet({.type = wrong, .id = right.id}, c.level));
}

/// A packet leaves: what it ends is over from now on.
void broker::transmit(connection_id id, const packet& p) {
    connection& c = at(id);
    if (c.ended || mute_) return;
    byte_string out = write_packet(p, c.level);
    if (session_ && session_->on == id) {
        const auto at = session_->flows.find(p.id);
        const bool is_open = at != session_->flows.end();
        const bool ends_flow = p.type == kind::puback || p.type == kind::pubcomp || p.type == kind::suback ||
                               p.type == kind::unsuback || (p.type == kind::pubrec && p.reason >= 0x80);
        if (is_open && p.type == kind::pubrec && p.reason < 0x80) {
            at->second.received = true;
            if (at->second.pubrec_on != id) at->second.pubrec_order = ++arrivals_;
            at->second.pubrec_on = id;
        }
        if (ends_flow) {
            // A PUBCOMP that is late may meet a new flow under its identifier.
            if (is_open && (p.type != kind::pubcomp || at->second.released)) {
                session_->ended[p.id] = {at->second.serial, at->second.order};
                session_->flows.erase(at);
            }
            c.open.erase(p.id);
            if (c.level == 4) c.strange.insert(p.id);  // a repeated PUBLISH or PUBREL may be on its way
        }
    }
    if (judge_.is_verbose()) judge_.tell("  < " + in_words(p));
    send(id, std::move(out));
}

void broker::deliver(operation& op, const packet& p) {
    if (p.retain) retained_[op.topic] = {op.qos, p.payload.size()};
    if (sabotage_ == sabotage::swallow_publish && op.qos > 0) {
        sabotage_ = sabotage::none;
        return;
    }
    if (sabotage_ == sabotage::reorder && op.qos == 0) {
        if (delayed_ == nullptr) {
            delayed_ = &op;
            return;
        }
        if (delayed_->topic == op.topic) {
            sabotage_ = sabotage::none;
            oracle_.delivered(op, session_number());
            oracle_.delivered(*delayed_, session_number());
            return;
        }
    }
    oracle_.delivered(op, session_number());
    if (sabotage_ == sabotage::duplicate_qos2 && op.qos == 2) oracle_.delivered(op, session_number());
    route(op.topic, op.qos, p.payload.size(), p.retain, origin::client);
}

}  // namespace mqtt_as::sim
