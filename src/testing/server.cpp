// Sessions, retained messages, wills: see server.hpp.
#include "src/testing/server.hpp"

#include <algorithm>
#include <chrono>

namespace mqtt_as::testing {

using sim::kind;
using sim::packet;

namespace {

enum property : std::uint8_t {  // of MQTT 5
    message_expiry_interval = 0x02,
    session_expiry_interval = 0x11,
    assigned_client_identifier = 0x12,
    will_delay_interval = 0x18,
    receive_maximum = 0x21,
    topic_alias = 0x23,
    maximum_qos = 0x24,
    retain_available = 0x25,
    maximum_packet_size = 0x27,
};
constexpr std::uint32_t for_ever = 0xFFFF'FFFF;

std::string text_of(const sim::byte_string& bytes) { return {bytes.begin(), bytes.end()}; }
std::uint32_t number_in(const sim::props& all, std::uint8_t id, std::uint32_t otherwise) {
    const sim::prop* const found = sim::find(all, id);
    return found == nullptr ? otherwise : found->number;
}

}  // namespace

// ---- connections --------------------------------------------------------------------------------

void server::accepted(connection_id id) { connections_[id].last_heard = time_.now(); }

void server::received(connection_id id, std::string_view bytes) {
    auto at = connections_.find(id);
    if (at == connections_.end()) return;
    at->second.input.insert(at->second.input.end(), bytes.begin(), bytes.end());
    at->second.last_heard = time_.now();
    // Whatever is handled may end the connection.
    for (; at != connections_.end(); at = connections_.find(id)) {
        connection& c = at->second;
        sim::reading r = sim::read_packet(c.input, c.level, sim::sender::client);
        if (!r.fault.empty()) return violation(id, r.fault);
        if (!r.whole) return;
        if (limits.maximum_packet_size > 0 && c.level == 5 && c.is_accepted && r.size > limits.maximum_packet_size)
            return violation(id, "a packet above the maximum packet size [MQTT-3.2.2-15]");
        c.input.erase(c.input.begin(), c.input.begin() + static_cast<std::ptrdiff_t>(r.size));
        handle(id, *r.whole);
    }
}

void server::lost(connection_id id) { end(id, true); }

void server::violation(connection_id id, const std::string& what) {
    violations.push_back(connections_[id].client + ": " + what);
    hang_up(id);
    end(id, true);
}

void server::end(connection_id id, bool publishes_will) {
    const auto at = connections_.find(id);
    if (at == connections_.end()) return;
    const connection c = std::move(at->second);
    connections_.erase(at);
    const auto found = sessions_.find(c.client);
    const bool is_current = found != sessions_.end() && found->second.on == id;
    std::uint64_t session_number = 0;
    if (is_current) {
        session& s = found->second;
        s.on = 0;
        session_number = s.number;
        if (s.expiry_s == 0) {
            sessions_.erase(found);
        } else if (s.expiry_s != for_ever) {
            time_.after(s.expiry_s * 1000, [this, name = c.client, session_number] {
                const auto old = sessions_.find(name);
                if (old != sessions_.end() && old->second.on == 0 && old->second.number == session_number)
                    sessions_.erase(old);
            });
        }
    }
    if (!publishes_will || !c.will) return;
    const std::uint32_t delay_s = number_in(c.will->properties, will_delay_interval, 0);
    if (delay_s == 0) return publish_will(c.client, *c.will);
    time_.after(delay_s * 1000u, [this, name = c.client, will = *c.will] {
        if (!is_connected(name)) publish_will(name, will);
    });
}

void server::publish_will(const std::string& client, const sim::last_will& will) {
    message m{
        .client = client, .topic = will.topic, .text = text_of(will.payload), .qos = will.qos, .retain = will.retain};
    sim::props properties = will.properties;
    std::erase_if(properties, [](const sim::prop& each) { return each.id == will_delay_interval; });
    publish(std::move(m), std::move(properties));
}

void server::watch_keep_alive(connection_id id) {
    const auto at = connections_.find(id);
    if (at == connections_.end() || at->second.keep_alive == 0) return;
    const std::uint64_t limit = at->second.keep_alive * 1500u;
    if (time_.now() - at->second.last_heard >= limit) {
        hang_up(id);
        return end(id, true);
    }
    time_.at(at->second.last_heard + limit, [this, id] { watch_keep_alive(id); });
}

server::session* server::session_of(connection_id id) {
    const auto at = sessions_.find(connections_.at(id).client);
    return at != sessions_.end() && at->second.on == id ? &at->second : nullptr;
}

// ---- packets ------------------------------------------------------------------------------------

void server::handle(connection_id id, const packet& p) {
    connection& c = connections_.at(id);
    if (p.type == kind::connect) return on_connect(id, c, p);
    if (!c.is_accepted) return violation(id, "CONNECT is not the first packet [MQTT-3.1.0-1]");
    session* const s = session_of(id);
    if (s == nullptr) return;  // its session was taken over or forgotten, and it has not heard yet
    switch (p.type) {
    case kind::publish: return on_publish(id, c, p);
    case kind::pubrel: s->incoming.erase(p.id); return transmit(id, {.type = kind::pubcomp, .id = p.id});
    case kind::puback:
    case kind::pubrec:
    case kind::pubcomp: return on_acknowledgement(id, *s, p);
    case kind::subscribe: return on_subscribe(id, c, *s, p);
    case kind::unsubscribe: return on_unsubscribe(id, c, *s, p);
    case kind::pingreq: return transmit(id, {.type = kind::pingresp});
    case kind::disconnect:
        if (c.level == 5)
            s->expiry_s = number_in(p.properties, session_expiry_interval, static_cast<std::uint32_t>(s->expiry_s));
        hang_up(id);
        return end(id, p.reason == 4);
    default: return violation(id, std::string("a client never sends ") + sim::name_of(p.type));
    }
}

void server::on_connect(connection_id id, connection& c, const packet& p) {
    if (c.is_accepted) return violation(id, "a second CONNECT [MQTT-3.1.0-2]");
    c.level = p.level;
    packet answer{.type = kind::connack, .reason = refusal};
    if (refusal != 0) {
        transmit(id, answer);
        hang_up(id);
        return end(id, false);
    }
    c.client = p.client_id.empty() ? "unnamed-" + std::to_string(++named_) : p.client_id;
    if (const auto old = sessions_.find(c.client); old != sessions_.end() && old->second.on != 0) {
        const connection_id before = old->second.on;
        if (connections_.at(before).level == 5) transmit(before, {.type = kind::disconnect, .reason = 0x8E});
        hang_up(before);
        end(before, true);
    }
    if (p.clean) sessions_.erase(c.client);
    const auto [at, is_new] = sessions_.try_emplace(c.client);
    session& s = at->second;
    if (is_new) s.number = ++session_numbers_;
    s.on = id;
    s.expiry_s = p.level == 5 ? number_in(p.properties, session_expiry_interval, 0) : p.clean ? 0 : for_ever;
    c.is_accepted = true;
    c.will = p.will;
    c.keep_alive = p.keep_alive;
    c.receive_maximum = static_cast<std::uint16_t>(number_in(p.properties, receive_maximum, 65'535));
    answer.session_present = !is_new;
    if (p.level == 5) {
        const auto say = [&](std::uint8_t what, std::uint32_t number, std::uint32_t usual) {
            if (number != usual) answer.properties.push_back({.id = what, .number = number});
        };
        say(receive_maximum, limits.receive_maximum, 65'535);
        say(maximum_packet_size, limits.maximum_packet_size, 0);
        say(maximum_qos, limits.maximum_qos, 2);
        say(retain_available, limits.retain_available ? 1 : 0, 1);
        if (p.client_id.empty()) answer.properties.push_back({.id = assigned_client_identifier, .data = c.client});
    }
    ++connects;
    transmit(id, answer);
    watch_keep_alive(id);
    for (const outgoing& each : s.in_flight) {
        if (each.received)
            transmit(id, {.type = kind::pubrel, .id = each.id});
        else
            send_publish(id, each, true);
    }
    pump(s);
}

void server::on_publish(connection_id id, connection& c, const packet& p) {
    message m{.client = c.client, .topic = p.topic, .text = text_of(p.payload), .qos = p.qos, .retain = p.retain};
    sim::props properties = p.properties;
    if (const std::uint32_t alias = number_in(properties, topic_alias, 0); alias != 0) {
        if (m.topic.empty()) m.topic = c.aliases[alias];
        c.aliases[alias] = m.topic;
        std::erase_if(properties, [](const sim::prop& each) { return each.id == topic_alias; });
    }
    const bool is_repeated = p.qos == 2 && !session_of(id)->incoming.insert(p.id).second;
    if (p.qos == 1) transmit(id, {.type = kind::puback, .id = p.id});
    if (p.qos == 2) transmit(id, {.type = kind::pubrec, .id = p.id});
    if (!is_repeated) publish(std::move(m), std::move(properties), &c.client);
}

void server::on_acknowledgement(connection_id id, session& s, const packet& p) {
    const auto at =
        std::find_if(s.in_flight.begin(), s.in_flight.end(), [&](const outgoing& m) { return m.id == p.id; });
    if (at == s.in_flight.end()) return;  // repeated
    if (p.type == kind::pubrec && p.reason < 0x80) {
        at->received = true;
        return transmit(id, {.type = kind::pubrel, .id = p.id});
    }
    s.in_flight.erase(at);
    pump(s);
}

void server::on_subscribe(connection_id id, connection& c, session& s, const packet& p) {
    packet answer{.type = kind::suback, .id = p.id};
    std::vector<outgoing> kept;
    for (const sim::requested_filter& f : p.filters) {
        if (!sim::is_shared(f.filter)) continue;
        if (sim::without_share(f.filter).empty())
            return violation(id, "'" + f.filter + "' is no shared subscription [MQTT-4.8.2-1]");
        if ((f.options & 4) != 0) return violation(id, "No Local on a shared subscription [MQTT-3.8.3-4]");
    }
    for (const sim::requested_filter& f : p.filters) {
        if (refused_filters.contains(f.filter)) {
            answer.codes.push_back(c.level == 5 ? 0x87 : 0x80);
            continue;
        }
        const bool is_new = s.subscriptions.insert_or_assign(f.filter, f.options).second;
        const std::uint8_t qos = f.options & 3;
        answer.codes.push_back(qos);
        if (sim::is_shared(f.filter)) continue;  // brings nothing that is retained
        const int retain_handling = f.options >> 4 & 3;
        if (retain_handling == 2 || (retain_handling == 1 && !is_new)) continue;
        for (const auto& [topic, what] : retained_) {
            if (!sim::filter_matches(f.filter, topic) || is_expired(what.first, what.second)) continue;
            kept.push_back({.what = what.first, .properties = what.second});
            kept.back().what.qos = std::min(kept.back().what.qos, qos);
        }
    }
    transmit(id, answer);
    for (outgoing& each : kept) deliver(s, std::move(each));
}

void server::on_unsubscribe(connection_id id, connection& c, session& s, const packet& p) {
    packet answer{.type = kind::unsuback, .id = p.id};
    for (const sim::requested_filter& f : p.filters) {
        const bool was_there = s.subscriptions.erase(f.filter) > 0;
        if (c.level == 5) answer.codes.push_back(was_there ? 0 : 0x11);
    }
    transmit(id, answer);
}

// ---- messages -----------------------------------------------------------------------------------

void server::publish(message m, sim::props properties, const std::string* publisher) {
    m.at = std::chrono::milliseconds(time_.now());
    messages.push_back(m);
    if (m.retain) {
        if (m.text.empty())
            retained_.erase(m.topic);
        else
            retained_.insert_or_assign(m.topic, std::pair(m, properties));
    }
    const auto copy_with = [&](std::uint8_t options) {
        outgoing copy{.what = m, .properties = properties};
        copy.what.qos = std::min<std::uint8_t>(m.qos, options & 3);
        copy.what.retain = m.retain && (options & 8) != 0;  // Retain As Published
        return copy;
    };
    std::map<std::string, members> groups;  // by shared filter
    for (auto& [name, s] : sessions_) {
        std::optional<std::uint8_t> best;  // options of the filter with the highest qos
        for (const auto& [filter, options] : s.subscriptions) {
            if (sim::is_shared(filter)) {
                if (sim::filter_matches(sim::without_share(filter), m.topic)) groups[filter].emplace_back(&name, &s);
                continue;
            }
            const bool is_excluded = (options & 4) != 0 && publisher != nullptr && *publisher == name;  // No Local
            if (is_excluded || !sim::filter_matches(filter, m.topic)) continue;
            if (!best || (options & 3) > (*best & 3)) best = options;
        }
        if (best) deliver(s, copy_with(*best));
    }
    for (const auto& [filter, all] : groups) {
        session& s = next_of(filter, all);
        deliver(s, copy_with(s.subscriptions.at(filter)));
    }
    // One that publishes itself must not be called from inside itself.
    for (const auto& [filter, tell] : listeners_) {
        if (sim::filter_matches(filter, m.topic)) soon([tell, m] { tell(m); });
    }
}

/// Whose turn it is in a group: of those that are connected, or of all when nobody is.
server::session& server::next_of(const std::string& shared_filter, const members& all) {
    members present = all;
    std::erase_if(present, [](const auto& each) { return each.second->on == 0; });
    const members& from = present.empty() ? all : present;
    std::string& last = had_their_turn_[shared_filter];
    const auto after = std::find_if(from.begin(), from.end(), [&](const auto& each) { return *each.first > last; });
    const auto& [name, s] = after == from.end() ? from.front() : *after;
    last = *name;
    return *s;
}

void server::deliver(session& s, outgoing m) {
    if (m.what.qos == 0) {
        if (s.on != 0) send_publish(s.on, m, false);
        return;
    }
    s.queue.push_back(std::move(m));
    pump(s);
}

void server::pump(session& s) {
    while (s.on != 0 && !s.queue.empty() && s.in_flight.size() < connections_.at(s.on).receive_maximum) {
        outgoing m = std::move(s.queue.front());
        s.queue.pop_front();
        if (is_expired(m.what, m.properties)) continue;  // [MQTT-3.3.2-5]
        const auto is_used = [&](std::uint16_t id) {
            return id == 0 ||
                   std::any_of(s.in_flight.begin(), s.in_flight.end(), [id](const outgoing& o) { return o.id == id; });
        };
        while (is_used(++s.last_id)) {
        }
        m.id = s.last_id;
        s.in_flight.push_back(std::move(m));
        send_publish(s.on, s.in_flight.back(), false);
    }
}

void server::send_publish(connection_id id, const outgoing& m, bool dup) {
    packet p{.type = kind::publish,
             .id = m.id,
             .properties = m.properties,
             .dup = dup,
             .qos = m.what.qos,
             .retain = m.what.retain,
             .topic = m.what.topic};
    for (sim::prop& each : p.properties) {  // less what it has waited here [MQTT-3.3.2-6]
        if (each.id == message_expiry_interval) each.number -= std::min(each.number, seconds_since(m.what));
    }
    p.payload.assign(m.what.text.begin(), m.what.text.end());
    transmit(id, p);
}

std::uint32_t server::seconds_since(const message& m) const {
    return static_cast<std::uint32_t>((time_.now() - static_cast<sim::moment>(m.at.count())) / 1000);
}

bool server::is_expired(const message& m, const sim::props& properties) const {
    const sim::prop* const expiry = sim::find(properties, message_expiry_interval);
    return expiry != nullptr && seconds_since(m) >= expiry->number;
}

void server::transmit(connection_id id, const packet& p) {
    const auto at = connections_.find(id);
    if (at == connections_.end()) return;
    send(id, text_of(sim::write_packet(p, at->second.level)));
}

// ---- what virtual_broker asks -------------------------------------------------------------------

void server::forget_sessions() {
    std::vector<connection_id> online;
    for (const auto& [name, s] : sessions_) {
        if (s.on != 0) online.push_back(s.on);
    }
    for (const connection_id id : online) {
        hang_up(id);
        end(id, true);
    }
    sessions_.clear();
}

bool server::is_connected(std::string_view client) const {
    const auto at = sessions_.find(client);
    return at != sessions_.end() && at->second.on != 0;
}

bool server::is_subscribed(std::string_view client, std::string_view filter) const {
    const auto at = sessions_.find(client);
    return at != sessions_.end() && at->second.subscriptions.contains(filter);
}

std::optional<std::string> server::retained(std::string_view topic) const {
    const auto at = retained_.find(topic);
    if (at == retained_.end() || is_expired(at->second.first, at->second.second)) return std::nullopt;
    return at->second.first.text;
}

}  // namespace mqtt_as::testing
