// Reads packets strictly: whatever a client must not send is a fault, with the sentence that says why.
#include "tests/sim/packet.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace mqtt_as::sim {
namespace {

/// Thrown inside this file only; `read_packet` turns it into a `fault`.
struct bad : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class cursor {
public:
    explicit cursor(bytes in) : rest_(in) {}

    bool empty() const { return rest_.empty(); }
    bytes take(std::size_t n) {
        if (rest_.size() < n) throw bad("a field reaches past the end of the packet");
        const bytes front = rest_.first(n);
        rest_ = rest_.subspan(n);
        return front;
    }
    std::uint8_t u8() { return take(1)[0]; }
    std::uint16_t u16() {
        const bytes b = take(2);
        return static_cast<std::uint16_t>(b[0] << 8 | b[1]);
    }
    std::uint32_t u32() {
        const std::uint32_t high = u16();
        return high << 16 | u16();
    }
    std::uint32_t variable() {
        std::uint32_t value = 0;
        for (int shift = 0; shift < 28; shift += 7) {
            const std::uint8_t byte = u8();
            value |= static_cast<std::uint32_t>(byte & 0x7F) << shift;
            if ((byte & 0x80) == 0) {
                if (byte == 0 && shift > 0) throw bad("a variable byte integer is not in the fewest bytes");
                return value;
            }
        }
        throw bad("a variable byte integer of more than four bytes");
    }
    std::string binary() {
        const bytes b = take(u16());
        return {b.begin(), b.end()};
    }
    std::string text() {
        std::string s = binary();
        if (!is_well_formed_utf8(s)) throw bad("a string is not well-formed UTF-8 [MQTT-1.5.3-1]");
        return s;
    }
    cursor part(std::size_t n) { return cursor(take(n)); }
    byte_string remaining() {
        byte_string b(rest_.begin(), rest_.end());
        rest_ = {};
        return b;
    }

private:
    bytes rest_;
};

enum class shape { none, u8, u16, u32, variable, text, binary, pair };

constexpr unsigned in(std::initializer_list<kind> kinds) {
    unsigned set = 0;
    for (kind k : kinds) set |= 1u << static_cast<unsigned>(k);
    return set;
}
constexpr unsigned in_will = 1u;  // no packet has type 0
constexpr unsigned acknowledgements = in({kind::connack, kind::puback, kind::pubrec, kind::pubrel, kind::pubcomp,
                                          kind::suback, kind::unsuback, kind::disconnect, kind::auth});

struct rule {
    shape form = shape::none;
    unsigned where = 0;
};

/// MQTT 5, section 2.2.2.2.
rule rule_of(std::uint8_t id) {
    using enum kind;
    switch (id) {
    case 0x01: return {shape::u8, in({publish}) | in_will};
    case 0x02: return {shape::u32, in({publish}) | in_will};
    case 0x03: return {shape::text, in({publish}) | in_will};
    case 0x08: return {shape::text, in({publish}) | in_will};
    case 0x09: return {shape::binary, in({publish}) | in_will};
    case 0x0B: return {shape::variable, in({publish, subscribe})};
    case 0x11: return {shape::u32, in({connect, connack, disconnect})};
    case 0x12: return {shape::text, in({connack})};
    case 0x13: return {shape::u16, in({connack})};
    case 0x15: return {shape::text, in({connect, connack, auth})};
    case 0x16: return {shape::binary, in({connect, connack, auth})};
    case 0x17: return {shape::u8, in({connect})};
    case 0x18: return {shape::u32, in_will};
    case 0x19: return {shape::u8, in({connect})};
    case 0x1A: return {shape::text, in({connack})};
    case 0x1C: return {shape::text, in({connack, disconnect})};
    case 0x1F: return {shape::text, acknowledgements};
    case 0x21: return {shape::u16, in({connect, connack})};
    case 0x22: return {shape::u16, in({connect, connack})};
    case 0x23: return {shape::u16, in({publish})};
    case 0x24: return {shape::u8, in({connack})};
    case 0x25: return {shape::u8, in({connack})};
    case 0x26: return {shape::pair, ~0u};
    case 0x27: return {shape::u32, in({connect, connack})};
    case 0x28: return {shape::u8, in({connack})};
    case 0x29: return {shape::u8, in({connack})};
    case 0x2A: return {shape::u8, in({connack})};
    default: return {};
    }
}

props read_properties(cursor& at, unsigned where) {
    props list;
    cursor part = at.part(at.variable());
    while (!part.empty()) {
        prop p{.id = static_cast<std::uint8_t>(part.variable())};
        const rule r = rule_of(p.id);
        if ((r.where & where) == 0) throw bad("a property that this packet cannot have");
        const bool may_repeat = p.id == 0x26 || (p.id == 0x0B && where == in({kind::publish}));
        if (!may_repeat && find(list, p.id) != nullptr) throw bad("a property appears twice");
        switch (r.form) {
        case shape::u8: p.number = part.u8(); break;
        case shape::u16: p.number = part.u16(); break;
        case shape::u32: p.number = part.u32(); break;
        case shape::variable: p.number = part.variable(); break;
        case shape::text: p.data = part.text(); break;
        case shape::binary: p.data = part.binary(); break;
        case shape::pair:
            p.name = part.text();
            p.data = part.text();
            break;
        case shape::none: break;
        }
        if (r.form == shape::u8 && p.number > 1) throw bad("a property that is 0 or 1 has another value");
        if ((p.id == 0x21 || p.id == 0x27 || p.id == 0x23 || p.id == 0x0B) && p.number == 0)
            throw bad("a property that must not be 0 is 0");
        list.push_back(std::move(p));
    }
    return list;
}

std::uint16_t read_identifier(cursor& at) {
    const std::uint16_t id = at.u16();
    if (id == 0) throw bad("packet identifier 0 [MQTT-2.3.1-1]");
    return id;
}

std::string read_topic_name(cursor& at, const char* what) {
    std::string topic = at.text();
    if (topic.find_first_of("+#") != std::string::npos) throw bad(std::string("a wildcard in ") + what);
    return topic;
}

void read_connect(cursor& at, packet& p) {
    if (at.text() != "MQTT") throw bad("protocol name is not MQTT [MQTT-3.1.2-1]");
    p.level = at.u8();
    if (p.level != 4 && p.level != 5) throw bad("protocol level is neither 4 nor 5");
    const bool five = p.level == 5;
    const std::uint8_t flags = at.u8();
    if ((flags & 0x01) != 0) throw bad("reserved connect flag [MQTT-3.1.2-3]");
    p.clean = (flags & 0x02) != 0;
    const bool has_will = (flags & 0x04) != 0;
    const auto will_qos = static_cast<std::uint8_t>((flags >> 3) & 3);
    const bool will_retain = (flags & 0x20) != 0;
    const bool has_password = (flags & 0x40) != 0;
    const bool has_user = (flags & 0x80) != 0;
    if (will_qos == 3) throw bad("will qos 3 [MQTT-3.1.2-14]");
    if (!has_will && (will_qos != 0 || will_retain)) throw bad("will flags without a will [MQTT-3.1.2-13]");
    if (!five && has_password && !has_user) throw bad("a password without a user [MQTT-3.1.2-22]");
    p.keep_alive = at.u16();
    if (five) p.properties = read_properties(at, in({kind::connect}));
    p.client_id = at.text();
    if (!five && p.client_id.empty() && !p.clean) throw bad("no client identifier, session kept [MQTT-3.1.3-7]");
    if (has_will) {
        last_will w{.qos = will_qos, .retain = will_retain};
        if (five) w.properties = read_properties(at, in_will);
        w.topic = read_topic_name(at, "the will topic");
        const std::string payload = at.binary();
        w.payload.assign(payload.begin(), payload.end());
        p.will = std::move(w);
    }
    if (has_user) p.user = at.text();
    if (has_password) p.password = at.binary();
}

void read_publish(cursor& at, std::uint8_t flags, bool five, packet& p) {
    p.dup = (flags & 0x08) != 0;
    p.qos = static_cast<std::uint8_t>((flags >> 1) & 3);
    p.retain = (flags & 0x01) != 0;
    if (p.qos == 3) throw bad("qos 3 [MQTT-3.3.1-4]");
    if (p.qos == 0 && p.dup) throw bad("DUP with qos 0 [MQTT-3.3.1-2]");
    p.topic = read_topic_name(at, "a topic name [MQTT-3.3.2-2]");
    if (p.qos > 0) p.id = read_identifier(at);
    if (five) p.properties = read_properties(at, in({kind::publish}));
    if (p.topic.empty() && find(p.properties, 0x23) == nullptr) throw bad("an empty topic name [MQTT-4.7.3-1]");
    p.payload = at.remaining();
}

bool is_one_of(std::uint8_t code, std::initializer_list<int> list) {
    return std::find(list.begin(), list.end(), code) != list.end();
}

/// MQTT 5: which reason codes each packet may carry (sections 3.4.2.1 to 3.15.2.1).
bool may_carry(kind type, std::uint8_t code, sender from) {
    switch (type) {
    case kind::puback:
    case kind::pubrec: return is_one_of(code, {0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99});
    case kind::pubrel:
    case kind::pubcomp: return is_one_of(code, {0, 0x92});
    case kind::auth: return is_one_of(code, {0, 0x18, 0x19});
    case kind::disconnect:
        if (from == sender::client)
            return is_one_of(code, {0, 4, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99});
        return code == 0 ||
               (code >= 0x80 && code <= 0xA2 && !is_one_of(code, {0x84, 0x85, 0x86, 0x88, 0x8A, 0x8C, 0x91, 0x92}));
    default: return true;
    }
}

/// PUBACK to PUBCOMP: identifier, then in 5 perhaps a reason and perhaps properties.
void read_acknowledgement(cursor& at, bool five, sender from, packet& p) {
    p.id = read_identifier(at);
    if (!five || at.empty()) return;
    p.reason = at.u8();
    if (!may_carry(p.type, p.reason, from)) throw bad("a reason code that this packet cannot carry");
    if (!at.empty()) p.properties = read_properties(at, in({p.type}));
}

void read_filters(cursor& at, bool five, packet& p) {
    const bool with_options = p.type == kind::subscribe;
    p.id = read_identifier(at);
    if (five) p.properties = read_properties(at, in({p.type}));
    while (!at.empty()) {
        requested_filter r{.filter = at.text()};
        if (!is_filter(r.filter)) throw bad("a topic filter breaks section 4.7");
        if (with_options) {
            r.options = at.u8();
            const bool reserved =
                five ? (r.options & 0xC0) != 0 || (r.options & 0x30) == 0x30 : (r.options & 0xFC) != 0;
            if (reserved || (r.options & 3) == 3) throw bad("reserved subscription option bits [MQTT-3.8.3-4]");
        }
        p.filters.push_back(std::move(r));
    }
    if (p.filters.empty()) throw bad("no topic filter [MQTT-3.8.3-3]");
}

void read_reason_and_properties(cursor& at, bool five, sender from, packet& p) {
    if (!five) return;
    if (!at.empty()) p.reason = at.u8();
    if (!may_carry(p.type, p.reason, from)) throw bad("a reason code that this packet cannot carry");
    if (!at.empty()) p.properties = read_properties(at, in({p.type}));
}

void read_body(cursor& at, std::uint8_t flags, bool five, sender from, packet& p) {
    switch (p.type) {
    case kind::connect: read_connect(at, p); break;
    case kind::connack: {
        const std::uint8_t acknowledge_flags = at.u8();
        if (acknowledge_flags > 1) throw bad("reserved acknowledge flags");
        p.session_present = acknowledge_flags == 1;
        p.reason = at.u8();
        if (five) p.properties = read_properties(at, in({p.type}));
        break;
    }
    case kind::publish: read_publish(at, flags, five, p); break;
    case kind::puback:
    case kind::pubrec:
    case kind::pubrel:
    case kind::pubcomp: read_acknowledgement(at, five, from, p); break;
    case kind::subscribe:
    case kind::unsubscribe: read_filters(at, five, p); break;
    case kind::suback:
    case kind::unsuback:
        p.id = read_identifier(at);
        if (five) p.properties = read_properties(at, in({p.type}));
        if (five || p.type == kind::suback) p.codes = at.remaining();
        break;
    case kind::pingreq:
    case kind::pingresp: break;
    case kind::disconnect:
    case kind::auth: read_reason_and_properties(at, five, from, p); break;
    }
}

bool sent_by(kind type, sender from) {
    switch (type) {
    case kind::connect:
    case kind::subscribe:
    case kind::unsubscribe:
    case kind::pingreq: return from == sender::client;
    case kind::connack:
    case kind::suback:
    case kind::unsuback:
    case kind::pingresp: return from == sender::server;
    default: return true;
    }
}

packet read_whole(std::uint8_t first, bytes body, std::uint8_t level, sender from) {
    packet p;
    p.type = static_cast<kind>(first >> 4);
    const auto flags = static_cast<std::uint8_t>(first & 0x0F);
    if ((first >> 4) == 0 || !sent_by(p.type, from)) throw bad("a packet type that this side never sends");
    const bool has_two = p.type == kind::pubrel || p.type == kind::subscribe || p.type == kind::unsubscribe;
    if (p.type != kind::publish && flags != (has_two ? 2 : 0)) throw bad("reserved header flags [MQTT-2.2.2-1]");
    if (level < 5 && (p.type == kind::auth || (p.type == kind::disconnect && from == sender::server)))
        throw bad("a packet that exists in MQTT 5 only");
    cursor at(body);
    read_body(at, flags, level == 5, from, p);
    if (!at.empty()) throw bad("bytes are left over after the last field");
    return p;
}

}  // namespace

reading read_packet(bytes in, std::uint8_t level, sender from) {
    std::uint32_t length = 0;
    for (std::size_t i = 1; i < 5; ++i) {
        if (i >= in.size()) return {};
        length |= static_cast<std::uint32_t>(in[i] & 0x7F) << (7 * (i - 1));
        if ((in[i] & 0x80) != 0) continue;
        if (in[i] == 0 && i > 1) return {.fault = "remaining length is not in the fewest bytes"};
        if (in.size() - i - 1 < length) return {};
        const std::size_t size = i + 1 + length;
        try {
            return {.size = size, .whole = read_whole(in[0], in.subspan(i + 1, length), level, from), .fault = {}};
        } catch (const bad& why) {
            return {.fault = std::string(name_of(static_cast<kind>(in[0] >> 4))) + ": " + why.what()};
        }
    }
    return {.fault = "remaining length of more than four bytes"};
}

const prop* find(const props& list, std::uint8_t id) noexcept {
    const auto at = std::find_if(list.begin(), list.end(), [id](const prop& p) { return p.id == id; });
    return at == list.end() ? nullptr : &*at;
}

const char* name_of(kind k) noexcept {
    static constexpr std::array names = {"type 0",  "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
                                         "PUBREL",  "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
                                         "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};
    return names[static_cast<std::size_t>(k) & 0x0F];
}

}  // namespace mqtt_as::sim
