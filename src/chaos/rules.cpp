// Which rule decides, and what its action does to the bytes.
#include "src/chaos/rules.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

namespace mqtt_as::chaos {

namespace {

bool is_rule_for(const rule& what, toward to, const frame& packet, std::string_view client) {
    return what.to == to && what.type == packet.type && names(what.client, client) &&
           (what.topic.empty() || what.topic == packet.name) &&
           (what.what != action::swallow || packet.qos == 1);  // only that has the PUBACK which is given for it
}

constexpr std::string_view packet_names[] = {
    "more bytes of a large packet",
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH",
};

}  // namespace

effect effect_of(const rule& rule, const frame& packet) {
    effect made;
    switch (rule.what) {
    case action::swallow: made.answer = make_acknowledgement(packet_type::puback, packet.id); [[fallthrough]];
    case action::drop: made.drops_rest = true; break;
    case action::withhold:
        made.passes = packet.bytes;
        made.is_withheld = true;
        break;
    case action::late:
        made.passes = packet.bytes;
        made.late = rule.by;
        break;
    case action::duplicate: made.passes = packet.bytes + packet.bytes; break;
    case action::refuse:
        made.passes = packet.bytes;
        made.passes.back() = '\x80';
        break;
    case action::corrupt: {
        made.passes = packet.bytes;
        const std::size_t bit = rule.bit % (8 * packet.bytes.size());
        made.passes[bit / 8] = static_cast<char>(made.passes[bit / 8] ^ (0x80 >> bit % 8));
        break;
    }
    case action::cut_finish:
    case action::cut_reset:
        made.passes = packet.bytes.substr(0, packet.bytes.size() / 2);
        made.drops_rest = true;
        made.then = rule.what == action::cut_finish ? ending::finish : ending::reset;
        break;
    }
    return made;
}

std::size_t rule_book::add(const rule& what) {
    entries_.push_back({what, 0, 0, {}});
    return entries_.size() - 1;
}

bool goes(packet_type type, toward to) {
    switch (type) {
    case packet_type::continuation: return false;
    case packet_type::connect:
    case packet_type::subscribe:
    case packet_type::unsubscribe:
    case packet_type::pingreq: return to == toward::broker;
    case packet_type::connack:
    case packet_type::suback:
    case packet_type::unsuback:
    case packet_type::pingresp: return to == toward::client;
    default: return true;
    }
}

std::string_view name_of(packet_type type) {
    const auto n = static_cast<std::size_t>(type);
    return n < std::size(packet_names) ? packet_names[n] : "a packet that there is not";
}

std::string fault_in(const rule& what) {
    const std::string type(name_of(what.type));
    if (what.type == packet_type::continuation) return "a rule is about packets, not about " + type + ": set `type`";
    if (!goes(what.type, what.to))
        return "no " + type + " goes toward the " + (what.to == toward::client ? "client" : "broker") +
               ": set `to` to the other side, or another `type`";
    if (!what.topic.empty()) {
        if (what.type != packet_type::publish)
            return "a " + type + " has no topic: leave `topic` away, or set `type` to PUBLISH";
        if (what.topic.find_first_of("+#") != std::string::npos)
            return "'" + what.topic + "' is a filter, and a rule's `topic` is one topic: name one, or none for all";
    }
    if (what.what == action::refuse && what.type != packet_type::suback)
        return "what can be refused is a SUBACK, not a " + type + ": set `to` and `type`";
    if (what.what == action::swallow && (what.type != packet_type::publish || what.to != toward::broker))
        return "what can be swallowed is a PUBLISH toward the broker: set `to` and `type`, or use `drop`";
    if (what.times == 0) return "a rule that applies 0 `times` does nothing: set 1 or more";
    if (what.by.count() < 0) return "no packet is late by less than nothing: set `by` to more than 0";
    if (what.what == action::late && what.by.count() == 0) return "late by how much? Set `by`";
    return {};
}

rule_book::entry& rule_book::at(std::size_t id) {
    if (id >= entries_.size())
        throw std::out_of_range("there is no rule " + std::to_string(id) + ": `add` returns what rules are called");
    return entries_[id];
}

void rule_book::release(std::size_t id) {
    for (const auto& pass : std::exchange(at(id).withheld, {})) pass();
}

rule_book::entry* rule_book::match(toward to, const frame& packet, std::string_view client) {
    for (entry& each : entries_) {
        if (each.applied >= each.what.times || !is_rule_for(each.what, to, packet, client)) continue;
        if (each.seen++ < each.what.skip) continue;
        ++each.applied;
        return &each;
    }
    ++passed_[{to, packet.type, std::string(client)}];
    return nullptr;
}

path rule_book::path_of(std::string_view client) const {
    auto found = paths_.find(client);
    if (found == paths_.end()) found = paths_.find("");
    return found == paths_.end() ? path{} : found->second;
}

std::optional<silence> rule_book::silence_of(std::string_view client) const {
    const auto last_word =
        std::find_if(stalled_.rbegin(), stalled_.rend(), [&](const auto& each) { return names(each.first, client); });
    if (last_word != stalled_.rend()) return last_word->second;
    return path_of(client).mute ? std::optional(silence::held) : std::nullopt;
}

void rule_book::heal(std::string_view client) {
    std::erase_if(stalled_, [&](const auto& each) { return names(client, each.first); });
    for (auto& [name, how] : paths_) {
        if (names(client, name)) how.mute = false;
    }
}

std::size_t rule_book::passed(toward to, packet_type type, std::string_view client) const {
    std::size_t sum = 0;
    for (const auto& [what, number] : passed_) {
        if (what.to == to && what.type == type && names(client, what.client)) sum += number;
    }
    return sum;
}

}  // namespace mqtt_as::chaos
