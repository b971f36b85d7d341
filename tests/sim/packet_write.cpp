// Writes packets field by field, in the order of the specification's tables.
#include "tests/sim/packet.hpp"

#include <utility>

namespace mqtt_as::sim {
namespace {

class writing {
public:
    void u8(unsigned v) { out.push_back(static_cast<std::uint8_t>(v)); }
    void u16(unsigned v) {
        u8(v >> 8);
        u8(v & 0xFF);
    }
    void u32(std::uint32_t v) {
        u16(v >> 16);
        u16(v & 0xFFFF);
    }
    void variable(std::size_t v) {
        for (; v > 127; v >>= 7) u8((v & 0x7F) | 0x80);
        u8(static_cast<unsigned>(v));
    }
    void text(std::string_view s) {
        u16(static_cast<unsigned>(s.size()));
        out.insert(out.end(), s.begin(), s.end());
    }
    void raw(const byte_string& b) { out.insert(out.end(), b.begin(), b.end()); }
    void properties(const props& list);

    byte_string out;
};

void writing::properties(const props& list) {
    writing part;
    for (const prop& p : list) {
        part.u8(p.id);
        switch (p.id) {
        case 0x01:
        case 0x17:
        case 0x19:
        case 0x24:
        case 0x25:
        case 0x28:
        case 0x29:
        case 0x2A: part.u8(p.number); break;
        case 0x13:
        case 0x21:
        case 0x22:
        case 0x23: part.u16(p.number); break;
        case 0x02:
        case 0x11:
        case 0x18:
        case 0x27: part.u32(p.number); break;
        case 0x0B: part.variable(p.number); break;
        case 0x26:
            part.text(p.name);
            part.text(p.data);
            break;
        default: part.text(p.data); break;
        }
    }
    variable(part.out.size());
    raw(part.out);
}

void write_connect(writing& w, const packet& p) {
    w.text("MQTT");
    w.u8(p.level);
    unsigned flags = p.clean ? 0x02 : 0;
    if (p.will) flags |= 0x04u | static_cast<unsigned>(p.will->qos << 3) | (p.will->retain ? 0x20u : 0u);
    if (p.password) flags |= 0x40;
    if (p.user) flags |= 0x80;
    w.u8(flags);
    w.u16(p.keep_alive);
    const bool five = p.level == 5;
    if (five) w.properties(p.properties);
    w.text(p.client_id);
    if (p.will) {
        if (five) w.properties(p.will->properties);
        w.text(p.will->topic);
        w.u16(static_cast<unsigned>(p.will->payload.size()));
        w.raw(p.will->payload);
    }
    if (p.user) w.text(*p.user);
    if (p.password) w.text(*p.password);
}

/// 5 leaves out what is at its default at the end of an acknowledgement, a DISCONNECT or an AUTH.
void write_reason_and_properties(writing& w, const packet& p) {
    if (p.reason == 0 && p.properties.empty()) return;
    w.u8(p.reason);
    if (!p.properties.empty()) w.properties(p.properties);
}

void write_body(writing& w, const packet& p, bool five) {
    switch (p.type) {
    case kind::connect: write_connect(w, p); break;
    case kind::connack:
        w.u8(p.session_present ? 1 : 0);
        w.u8(p.reason);
        if (five) w.properties(p.properties);
        break;
    case kind::publish:
        w.text(p.topic);
        if (p.qos > 0) w.u16(p.id);
        if (five) w.properties(p.properties);
        w.raw(p.payload);
        break;
    case kind::puback:
    case kind::pubrec:
    case kind::pubrel:
    case kind::pubcomp:
        w.u16(p.id);
        if (five) write_reason_and_properties(w, p);
        break;
    case kind::subscribe:
    case kind::unsubscribe:
        w.u16(p.id);
        if (five) w.properties(p.properties);
        for (const requested_filter& f : p.filters) {
            w.text(f.filter);
            if (p.type == kind::subscribe) w.u8(f.options);
        }
        break;
    case kind::suback:
    case kind::unsuback:
        w.u16(p.id);
        if (five) w.properties(p.properties);
        w.raw(p.codes);
        break;
    case kind::pingreq:
    case kind::pingresp: break;
    case kind::disconnect:
    case kind::auth:
        if (five) write_reason_and_properties(w, p);
        break;
    }
}

}  // namespace

byte_string write_packet(const packet& p, std::uint8_t level) {
    writing body;
    write_body(body, p, (p.type == kind::connect ? p.level : level) == 5);
    unsigned flags = p.type == kind::pubrel || p.type == kind::subscribe || p.type == kind::unsubscribe ? 2 : 0;
    if (p.type == kind::publish) flags = (p.dup ? 8u : 0u) | static_cast<unsigned>(p.qos << 1) | (p.retain ? 1u : 0u);
    writing whole;
    whole.u8(static_cast<unsigned>(p.type) << 4 | flags);
    whole.variable(body.out.size());
    whole.raw(body.out);
    return std::move(whole.out);
}

}  // namespace mqtt_as::sim
