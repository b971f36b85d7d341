// Which rule decides, and what its action does to the bytes.
#include "src/chaos/rules.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace mqtt_as::chaos {

namespace {

bool is_rule_for(const rule& what, toward to, const frame& packet, std::string_view client) {
    return what.to == to && what.type == packet.type && names(what.client, client) &&
           (what.topic.empty() || what.topic == packet.name);
}

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
    for (auto each = stalled_.rbegin(); each != stalled_.rend(); ++each) {  // the last word counts
        if (names(each->first, client)) return each->second;
    }
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
