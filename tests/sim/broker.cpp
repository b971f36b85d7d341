// Connections and sessions of the simulated broker: who is connected, what is kept, what goes out.
#include "tests/sim/broker.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_as::sim {

std::string in_words(const packet& p) {
    std::string words = name_of(p.type);
    if (p.id != 0) words += " " + std::to_string(p.id);
    if (p.dup) words += " DUP";
    if (!p.topic.empty()) words += " " + p.topic + " qos " + std::to_string(p.qos);
    for (const char side : {'c', 'b'})
        if (const std::uint32_t serial = serial_of(side, p.payload); serial != 0)
            words += " #" + std::to_string(serial);
    for (const requested_filter& f : p.filters) words += " " + f.filter;
    if (p.reason != 0) words += " reason " + std::to_string(p.reason);
    for (const std::uint8_t code : p.codes) words += " " + std::to_string(code);
    return words;
}

constexpr std::size_t remembered_max = 64;

packet as_packet(const std::string& topic, std::uint32_t serial, std::size_t size, std::uint8_t qos) {
    return {.type = kind::publish, .qos = qos, .topic = topic, .payload = make_payload('b', serial, size)};
}

broker::broker(schedule& time, random_source random, judge& j, oracle& o, tally& t, broker_options options)
    : time_(time), random_(random), judge_(j), oracle_(o), tally_(t), options_(std::move(options)) {}

void broker::arm(fault f, unsigned times) { armed_[static_cast<std::size_t>(f)] += times; }

void broker::disarm_all() {
    armed_.fill(0);
    if (!session_) return;
    for (auto& [id, f] : session_->flows) f.withhold = 0;
}

bool broker::take(fault f) {
    auto& left = armed_[static_cast<std::size_t>(f)];
    if (left == 0) return false;
    --left;
    tally_.happened(f);
    judge_.tell(std::string("broker: ") + fault_names[static_cast<std::size_t>(f)]);
    return true;
}

// ---- the network tells ---------------------------------------------------------------------------

void broker::accepted(connection_id id) {
    if (connections_.size() > remembered_max)
        std::erase_if(connections_, [id](const auto& each) { return each.second.ended && each.first + 8 < id; });
    connections_[id].last_heard = time_.now();
}

broker::connection& broker::at(connection_id id) {
    const auto found = connections_.find(id);
    if (found != connections_.end()) return found->second;
    gone_ = {};
    gone_.ended = true;
    return gone_;
}

void broker::received(connection_id id, bytes data) {
    const auto at = connections_.find(id);
    if (at == connections_.end() || mute_) return;
    connection& c = at->second;
    if (c.disconnected) return violation("bytes after DISCONNECT [MQTT-3.14.4-2]");
    if (c.ended) return;
    c.input.insert(c.input.end(), data.begin(), data.end());
    c.last_heard = time_.now();
    while (!c.ended) {
        const reading r = read_packet(bytes(c.input).subspan(c.used), c.level, sender::client);
        if (!r.fault.empty()) return violation(r.fault);
        if (!r.whole) break;
        c.used += r.size;
        handle(id, c, *r.whole, r.size);
    }
    if (c.disconnected && c.used < c.input.size()) return violation("bytes after DISCONNECT [MQTT-3.14.4-2]");
    c.input.erase(c.input.begin(), c.input.begin() + static_cast<std::ptrdiff_t>(c.used));
    c.used = 0;
}

void broker::lost(connection_id id) { end(id, false); }

/// The connection is over, whoever ended it. The will is published unless DISCONNECT came.
void broker::end(connection_id id, bool reset) {
    const auto at = connections_.find(id);
    if (at == connections_.end()) return;
    connection& c = at->second;
    if (!c.ended) hang_up(id, reset);
    c.ended = true;
    if (c.will) wills_.push_back(*std::exchange(c.will, std::nullopt));
    if (session_ && session_->on == id) {
        session_->on = 0;
        session_->persistent ? expire_later() : forget_session();
    }
}

/// Zero means that the session ends with its connection.
void broker::keep_for(std::uint32_t expiry_s) {
    session_->persistent = expiry_s > 0;
    session_->expiry_s = expiry_s == UINT32_MAX ? 0 : expiry_s;
}

/// The client is away. When it does not come back in time its session is dropped.
void broker::expire_later() {
    session_->away_since = time_.now();
    if (session_->expiry_s == 0) return;
    time_.after(session_->expiry_s * 1000ull, [this, number = session_->number, since = time_.now()] {
        if (!session_ || session_->number != number || session_->on != 0 || session_->away_since != since) return;
        tally_.happened(fault::session_expired);
        judge_.tell("broker: the session expires");
        forget_session();
    });
}

void broker::forget_session() {
    oracle_.session_ended(session_->number);
    session_.reset();
}

void broker::handle(connection_id id, connection& c, const packet& p, std::size_t size) {
    ++seen_[static_cast<std::size_t>(p.type)];
    if (judge_.is_verbose()) judge_.tell("  > " + in_words(p));
    if (p.type != kind::connect && !c.connected) return violation("CONNECT is not the first packet [MQTT-3.1.0-1]");
    if (c.agreed.maximum_packet_size > 0 && size > c.agreed.maximum_packet_size)
        return violation("a packet above the maximum packet size [MQTT-3.2.2-15]");
    switch (p.type) {
    case kind::connect: on_connect(id, c, p); break;
    case kind::publish: on_publish(id, c, p, size); break;
    case kind::pubrel: on_pubrel(id, c, p); break;
    case kind::puback:
    case kind::pubrec:
    case kind::pubcomp: on_client_acknowledgement(id, c, p); break;
    case kind::subscribe: on_subscribe(id, c, p); break;
    case kind::unsubscribe: on_unsubscribe(id, c, p); break;
    case kind::pingreq:
        if (!take(fault::withhold_pingresp)) transmit(id, {.type = kind::pingresp});
        break;
    case kind::disconnect:
        c.disconnected = true;
        if (p.reason != 4) c.will.reset();
        if (const prop* expiry = find(p.properties, 0x11); expiry != nullptr && session_ && session_->on == id)
            keep_for(expiry->number);
        end(id, false);
        break;
    case kind::auth: violation("AUTH without an authentication method [MQTT-4.12.0-6]"); break;
    default: violation(std::string("a client never sends ") + name_of(p.type)); break;
    }
}

// ---- CONNECT ----------------------------------------------------------------------------------

void broker::on_connect(connection_id id, connection& c, const packet& p) {
    if (c.connected) return violation("a second CONNECT [MQTT-3.1.0-2]");
    if (p.client_id != options_.client_id) return violation("another client identifier");
    if (p.keep_alive != options_.keep_alive && id >= first_of_process_)
        return violation("another keep alive than configured");
    c.level = p.level;
    c.will = p.will;
    last_connect_ = p;
    if (take(fault::refused_connack)) return refuse_connection(id, c, p);

    if (session_ && session_->on != 0 && session_->on != id) {  // the same client on an older connection
        const connection_id old = session_->on;
        if (p.level == 5) transmit(old, {.type = kind::disconnect, .reason = 0x8E});
        end(old, false);
    }
    if (take(fault::session_lost) && session_) forget_session();
    if (p.clean && session_) forget_session();
    c.resumed = session_.has_value();
    last_resumed_ = c.resumed;
    if (!session_) {
        session_ = session{};
        session_->number = ++sessions_;
        session_->last_id = static_cast<std::uint16_t>(random_.next());
    }
    const prop* expiry = find(p.properties, 0x11);
    const std::uint32_t kept_by_311 = p.clean ? 0 : options_.expiry_s > 0 ? options_.expiry_s : UINT32_MAX;
    keep_for(p.level == 4 ? kept_by_311 : expiry != nullptr ? expiry->number : 0);
    session_->on = id;
    if (const prop* maximum = find(p.properties, 0x21)) c.receive_maximum = static_cast<std::uint16_t>(maximum->number);
    if (const prop* maximum = find(p.properties, 0x27)) c.maximum_packet_size = maximum->number;

    packet ack{.type = kind::connack, .session_present = c.resumed};
    if (!c.resumed && p.clean && take(fault::false_session_present)) ack.session_present = true;
    c.agreed = {.client_id = {}};
    c.keep_alive = p.keep_alive;
    if (p.level == 5) {
        c.agreed = options_;
        if (options_.receive_maximum != 65'535)
            ack.properties.push_back({.id = 0x21, .number = options_.receive_maximum});
        if (options_.maximum_packet_size > 0)
            ack.properties.push_back({.id = 0x27, .number = options_.maximum_packet_size});
        if (options_.maximum_qos < 2) ack.properties.push_back({.id = 0x24, .number = options_.maximum_qos});
        if (!options_.retain_available) ack.properties.push_back({.id = 0x25, .number = 0});
        if (options_.server_keep_alive) {
            ack.properties.push_back({.id = 0x13, .number = *options_.server_keep_alive});
            c.keep_alive = *options_.server_keep_alive;
            tally_.happened(fault::server_keep_alive);
        }
        if (options_.receive_maximum < 100) tally_.happened(fault::small_receive_maximum);
        if (options_.maximum_packet_size > 0) tally_.happened(fault::small_packet_maximum);
    }
    c.connected = true;
    const auto answer = [this, id, ack] {
        connection& waiting = at(id);
        if (waiting.ended) return;
        transmit(id, ack);
        waiting.answered = true;
        resume(id, waiting);
    };
    if (take(fault::late_connack))
        time_.after(random_.between(3'000, 15'000), answer);
    else
        answer();
    watch_keep_alive(id);
}

void broker::refuse_connection(connection_id id, connection& c, const packet& p) {
    packet ack{.type = kind::connack};
    ack.reason = p.level == 4
                     ? random_.one_of<std::uint8_t>({1, 2, 3, 4, 5})
                     : random_.one_of<std::uint8_t>({0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A,
                                                     0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F});
    c.will.reset();
    transmit(id, ack);
    if (random_.chance(70)) end(id, false);  // else the socket stays open: the client must close it
}

/// Section 4.4: what was sent and not acknowledged is sent again, in its order.
void broker::resume(connection_id id, connection& c) {
    if (!session_ || session_->on != id) return;
    std::erase_if(session_->in_flight, [this, &c](const outgoing& m) {
        const bool is_dropped = !m.received && is_too_large(c, m);
        if (is_dropped) drop_too_large(m);
        return is_dropped;
    });
    for (outgoing& m : session_->in_flight) {
        if (m.received)
            transmit(id, {.type = kind::pubrel, .id = m.id});
        else
            send_publish(id, c, m, true);
        m.sent_on = id;
    }
    pump(id);
}

void broker::watch_keep_alive(connection_id id) {
    const connection& watched = at(id);
    if (watched.keep_alive == 0 || watched.ended) return;
    time_.at(watched.last_heard + watched.keep_alive * 1500u, [this, id] {
        const connection& c = at(id);
        if (c.ended) return;
        if (time_.now() - c.last_heard < c.keep_alive * 1500u) return watch_keep_alive(id);
        judge_.tell("broker: keep alive passed");
        if (c.level == 5) transmit(id, {.type = kind::disconnect, .reason = 0x8D});
        end(id, false);
    });
}

// ---- messages to the client -----------------------------------------------------------------------

std::uint32_t broker::publish(const std::string& topic, std::uint8_t qos, std::size_t size, bool retain) {
    if (retain) retained_[topic] = {qos, size};
    return route(topic, qos, size, retain, origin::somebody);
}

/// To the client, once, as the best of its subscriptions says. The copy has a number of its own, so that it can be told
/// from all others.
std::uint32_t broker::route(const std::string& topic, std::uint8_t qos, std::size_t size, bool retain, origin from) {
    if (!session_) return 0;
    std::optional<std::uint8_t> granted;
    bool as_published = false;
    for (const auto& [filter, options] : session_->subscriptions) {
        const bool is_of_group = is_shared(filter);
        if (!filter_matches(is_of_group ? without_share(filter) : filter, topic)) continue;
        if (from == origin::client && (options & 4) != 0) {
            tally_.happened(fault::no_local);
        } else if (is_of_group && random_.chance(50)) {
            tally_.happened(fault::shared_away);
        } else {
            granted = std::max<std::uint8_t>(granted.value_or(0), options & 3);
            as_published = as_published || (options & 8) != 0;
        }
    }
    if (!granted) return 0;
    if (from == origin::client) tally_.happened(fault::own_message);
    return enqueue({.topic = topic, .size = size, .qos = std::min(qos, *granted), .retain = retain && as_published});
}

std::uint32_t broker::enqueue(outgoing m) {
    if (m.qos == 0 && session_->on == 0) return 0;
    m.serial = oracle_.owed(m.topic, m.qos, m.retain, session_->number).serial;
    if (sabotage_ == sabotage::lose_inbound && m.qos > 0) {
        sabotage_ = sabotage::none;
        return m.serial;
    }
    session_->queue.push_back(m);
    if (session_->on != 0) pump(session_->on);
    return m.serial;
}

/// A subscription brings what is retained, unless it is shared or asked not to [MQTT-3.3.1-9], [MQTT-3.3.1-10].
void broker::send_retained(const requested_filter& f, bool is_new) {
    const int handling = f.options >> 4 & 3;
    if (f.filter.starts_with("$share/") || handling == 2 || (handling == 1 && !is_new)) return;
    for (const auto& [topic, kept] : retained_) {
        if (!filter_matches(f.filter, topic)) continue;
        tally_.happened(fault::retained_message);
        const auto granted = static_cast<std::uint8_t>(f.options & 3);
        enqueue({.topic = topic, .size = kept.size, .qos = std::min(kept.qos, granted), .retain = true});
    }
}

bool broker::is_too_large(const connection& c, const outgoing& m) const {
    if (c.maximum_packet_size == 0) return false;
    return write_packet(as_packet(m.topic, m.serial, m.size, m.qos), c.level).size() > c.maximum_packet_size;
}

/// As if it had been sent [MQTT-3.1.2-25].
void broker::drop_too_large(const outgoing& m) {
    tally_.happened(fault::too_large_for_client);
    oracle_.given_up(m.serial);
}

/// Sends what is queued, as far as the client's receive maximum allows.
void broker::pump(connection_id id) {
    connection& c = at(id);
    while (session_ && session_->on == id && c.answered && !c.ended && !session_->queue.empty()) {
        outgoing m = session_->queue.front();
        if (m.qos > 0 && session_->in_flight.size() >= c.receive_maximum) return;
        session_->queue.pop_front();
        if (is_too_large(c, m)) {
            drop_too_large(m);
            continue;
        }
        if (m.qos == 0) {
            send_publish(id, c, m, false);
            continue;
        }
        m.id = next_id();
        m.sent_on = id;
        session_->in_flight.push_back(m);
        send_publish(id, c, session_->in_flight.back(), false);
        if (m.qos == 2 && take(fault::repeated_publish)) send_publish(id, c, session_->in_flight.back(), true);
    }
}

void broker::send_publish(connection_id id, connection&, outgoing& m, bool dup) {
    packet p = as_packet(m.topic, m.serial, m.size, m.qos);
    p.id = m.id;
    p.dup = dup;
    p.retain = m.retain;
    transmit(id, p);
}

std::uint16_t broker::next_id() {
    const auto is_used = [this](std::uint16_t id) {
        return id == 0 || std::any_of(session_->in_flight.begin(), session_->in_flight.end(),
                                      [id](const outgoing& m) { return m.id == id; });
    };
    while (is_used(++session_->last_id)) {
    }
    return session_->last_id;
}

/// PUBACK, PUBREC and PUBCOMP of the client, for messages of ours.
void broker::on_client_acknowledgement(connection_id id, connection& c, const packet& p) {
    if (!session_ || session_->on != id) return;
    auto& list = session_->in_flight;
    const auto at = std::find_if(list.begin(), list.end(), [&](const outgoing& m) { return m.id == p.id; });
    const auto wrong = [&](const char* why) {
        violation(std::string(name_of(p.type)) + " " + std::to_string(p.id) + why);
    };
    if (at == list.end()) {
        const bool excused = c.strange.contains(p.id) || p.reason == 0x92;
        if (!excused) wrong(" for a message that was never sent");
        return;
    }
    const bool fits = p.type == kind::puback ? at->qos == 1 : at->qos == 2 && (p.type == kind::pubrec || at->received);
    if (!fits && c.strange.contains(p.id)) return;  // it answers what came out of the blue
    if (!fits) return wrong(" has no place in this flow");
    const bool is_forgotten = p.type == kind::pubcomp && p.reason == 0x92;  // we repeated PUBREL: it may not know it
    if (p.reason >= 0x80 && !is_forgotten) return wrong(" fails a message although nobody asked for that");
    if (p.type == kind::pubcomp) {
        oracle_.over(at->serial);
        list.erase(at);
        return pump(id);
    }
    if (p.type == kind::pubrec && at->received) {
        c.strange.insert(p.id);  // a second PUBCOMP will come
        return transmit(id, {.type = kind::pubrel, .id = p.id});
    }
    // [MQTT-4.6.0-2], [MQTT-4.6.0-3]: in the order of the messages, each qos by itself.
    for (auto earlier = list.begin(); earlier != at; ++earlier)
        if (earlier->qos == at->qos && !earlier->received) return wrong(" overtakes the one of an earlier message");
    oracle_.client_acknowledged(at->serial);
    if (p.type == kind::puback) {
        oracle_.over(at->serial);
        list.erase(at);
        return pump(id);
    }
    at->received = true;
    transmit(id, {.type = kind::pubrel, .id = p.id});
}

// ---- the world asks ------------------------------------------------------------------------------

connection_id broker::current() const { return session_ ? session_->on : 0; }

broker::connection* broker::online(connection_id& id) {
    id = current();
    const auto at = connections_.find(id);
    return at == connections_.end() || at->second.ended || !at->second.answered ? nullptr : &at->second;
}

void broker::client_died(connection_id first, std::uint16_t keep_alive) {
    first_of_process_ = first;
    options_.keep_alive = keep_alive;
}

void broker::lose_sessions() {
    tally_.happened(fault::session_lost);
    killed();
    if (session_) forget_session();
}

void broker::killed() {
    for (auto& [id, c] : connections_)
        if (!c.ended) end(id, true);
}

void broker::set_mute(bool mute) {
    mute_ = mute;
    if (!mute) killed();
}

void broker::send_disconnect(std::uint8_t reason) {
    connection_id id;
    const connection* c = online(id);
    if (c == nullptr) return;
    tally_.happened(reason == 0x8E ? fault::session_taken_over : fault::server_disconnect);
    if (c->level == 5) transmit(id, {.type = kind::disconnect, .reason = reason});
    end(id, false);
}

void broker::send_malformed() {
    connection_id id;
    if (online(id) == nullptr) return;
    tally_.happened(fault::malformed_packet);
    static const std::vector<byte_string> corpus = {
        {0x00, 0x00},                                     // reserved packet type
        {0x36, 0x05, 0x00, 0x01, 'a', 0x00, 0x01},        // qos 3
        {0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01},             // remaining length of five bytes
        {0x20, 0x02, 0x00, 0x00},                         // a second CONNACK
        {0x41, 0x02, 0x00, 0x01},                         // PUBACK with reserved flags
        {0x32, 0x05, 0x00, 0x01, 'a', 0x00, 0x00},        // packet identifier 0
        {0x30, 0x04, 0x00, 0x02, 'a', '#'},               // a wildcard in a topic name
        {0x30, 0x03, 0x00, 0x01, 0xFF},                   // not UTF-8
        {0x30, 0x03, 0x00, 0x05, 'a'},                    // a topic longer than its packet
        {0x82, 0x06, 0x00, 0x01, 0x00, 0x01, 'a', 0x00},  // SUBSCRIBE from a server
        {0xD0, 0x01, 0x00},                               // PINGRESP with a body
    };
    send(id, corpus[random_.below(corpus.size())]);
}

/// An acknowledgement of an identifier far from those in use, of a random kind.
void broker::send_unknown_acknowledgement() {
    connection_id id;
    connection* c = online(id);
    if (c == nullptr) return;
    auto strange = static_cast<std::uint16_t>(session_->last_begun + 20'000);  // none that may be on its way
    const auto in_flight = [&] {
        return std::any_of(session_->in_flight.begin(), session_->in_flight.end(),
                           [&](const outgoing& m) { return m.id == strange; });
    };
    while (strange == 0 || session_->flows.contains(strange) || in_flight()) ++strange;
    tally_.happened(fault::unknown_acknowledgement);
    c->strange.insert(strange);
    transmit(id, {.type = random_.one_of({kind::puback, kind::pubrec, kind::pubcomp, kind::pubrel}), .id = strange});
}

std::optional<std::uint8_t> broker::subscription_of(const std::string& filter) const {
    if (!session_) return std::nullopt;
    const auto found = session_->subscriptions.find(filter);
    return found == session_->subscriptions.end() ? std::nullopt : std::optional(found->second);
}

std::size_t broker::owed_to_client() const {
    return session_ ? session_->queue.size() + session_->in_flight.size() : 0;
}

}  // namespace mqtt_as::sim
