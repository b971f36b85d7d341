// The rules of MQTT 5's properties (section 2.2.2.2) in one table: to check received ones, and to read them as a view.
#include "src/wire/properties.hpp"

#include "mqtt_as/topic.hpp"

#include <array>

namespace mqtt_as {
namespace wire {
namespace {

enum class kind : std::uint8_t {
    byte = 1,
    u16 = 2,
    u32 = 4,  // the value is the width
    variable,
    binary,
    string,
    pair
};

enum class range : std::uint8_t {
    any,
    boolean,  ///< 0 or 1
    not_zero,
    no_alias,  ///< our Topic Alias Maximum is 0, so that any alias is too much [MQTT-3.1.2-27]
};

struct rule {
    std::uint16_t packets = 0;  ///< bit n: a server may send it in packet type n
    kind type{};
    range values = range::any;
};

/// Stands for packet type 0, which does not exist: the property may appear more than once.
constexpr std::uint16_t many_times = 1;

constexpr std::uint16_t in(packet_type type) { return static_cast<std::uint16_t>(1u << static_cast<unsigned>(type)); }

constexpr std::uint16_t in_connack = in(packet_type::connack);
constexpr std::uint16_t in_publish = in(packet_type::publish);
constexpr std::uint16_t in_disconnect = in(packet_type::disconnect);
constexpr std::uint16_t in_acknowledgements = in(packet_type::puback) | in(packet_type::pubrec) |
                                              in(packet_type::pubrel) | in(packet_type::pubcomp) |
                                              in(packet_type::suback) | in(packet_type::unsuback);
constexpr std::uint16_t in_answers = in_connack | in_acknowledgements | in_disconnect;

/// What a server may send us, by identifier, which is no AUTH: that is a violation, whatever is in it. Properties that
/// only a client sends have no rule, nor has Session Expiry Interval in DISCONNECT [MQTT-3.14.2-2]. Wildcards in a
/// Response Topic [MQTT-3.3.2-14] are let through: the publisher's mistake must not cost us the connection, and nobody
/// can publish to it anyway.
constexpr auto rules = [] {
    std::array<rule, 0x2B> table{};
    const auto set = [&table](property_id id, rule r) { table[static_cast<std::size_t>(id)] = r; };
    using enum property_id;
    set(payload_format_indicator, {in_publish, kind::byte, range::boolean});
    set(message_expiry_interval, {in_publish, kind::u32});
    set(content_type, {in_publish, kind::string});
    set(response_topic, {in_publish, kind::string});
    set(correlation_data, {in_publish, kind::binary});
    set(subscription_identifier, {in_publish | many_times, kind::variable, range::not_zero});
    set(session_expiry_interval, {in_connack, kind::u32});
    set(assigned_client_identifier, {in_connack, kind::string});
    set(server_keep_alive, {in_connack, kind::u16});
    set(authentication_method, {in_connack, kind::string});
    set(authentication_data, {in_connack, kind::binary});
    set(response_information, {in_connack, kind::string});
    set(server_reference, {in_connack | in_disconnect, kind::string});
    set(reason_string, {in_answers, kind::string});
    set(receive_maximum, {in_connack, kind::u16, range::not_zero});
    set(topic_alias_maximum, {in_connack, kind::u16});
    set(topic_alias, {in_publish, kind::u16, range::no_alias});
    set(maximum_qos, {in_connack, kind::byte, range::boolean});
    set(retain_available, {in_connack, kind::byte, range::boolean});
    set(user_property, {in_publish | in_answers | many_times, kind::pair});
    set(maximum_packet_size, {in_connack, kind::u32, range::not_zero});
    set(wildcard_subscription_available, {in_connack, kind::byte, range::boolean});
    set(subscription_identifier_available, {in_connack, kind::byte, range::boolean});
    set(shared_subscription_available, {in_connack, kind::byte, range::boolean});
    return table;
}();

/// The rule of the property at the front, without taking it; one that allows nothing when it is unknown.
const rule& rule_at(const reader& in) {
    // Identifiers are variable byte integers; all that exist fit into one byte, and rules[0] allows nothing.
    return rules[*in.at() < rules.size() ? *in.at() : 0];
}

void take_property(reader& in, kind type, property& out) {
    out = {};
    out.id = static_cast<property_id>(in.take_number(1));
    switch (type) {
    case kind::byte:
    case kind::u16:
    case kind::u32: out.number = in.take_number(static_cast<std::size_t>(type)); break;
    case kind::variable: out.number = in.take_variable(); break;
    case kind::pair: out.name = in.take_data(); [[fallthrough]];
    case kind::binary:
    case kind::string: out.data = in.take_data(); break;
    }
}

violation judge_value(const property& given, const rule& by) {
    switch (by.values) {
    case range::any: break;
    case range::boolean: return given.number > 1 ? violation::bad_property_value : violation::none;
    case range::not_zero: return given.number == 0 ? violation::bad_property_value : violation::none;
    case range::no_alias: return violation::bad_topic_alias;
    }
    const bool is_text = by.type == kind::string || by.type == kind::pair;
    const bool is_good = !is_text || (is_utf8_string(given.name) && is_utf8_string(given.data));
    return is_good ? violation::none : violation::bad_string;
}

violation judge_all(bytes block, packet_type type) {
    reader in(block);
    property given;
    std::uint32_t seen[2] = {};  // bit n of both: identifier n
    while (in.left() != 0) {
        const rule& by = rule_at(in);
        if ((by.packets & wire::in(type)) == 0) return violation::bad_property;
        take_property(in, by.type, given);
        if (in.why() != violation::none) break;
        const auto id = static_cast<unsigned>(given.id);
        const std::uint32_t bit = std::uint32_t{1} << (id & 31);
        if ((seen[id >> 5] & bit) != 0 && (by.packets & many_times) == 0) return violation::repeated_property;
        seen[id >> 5] |= bit;
        const violation why = judge_value(given, by);
        if (why != violation::none) return why;
    }
    return in.why();
}

}  // namespace

property_view take_properties(reader& in, packet_type type) {
    const bytes block = in.take(in.take_variable());
    const violation why = judge_all(block, type);
    if (why != violation::none) in.fail(why);
    return property_view(block);
}

}  // namespace wire

// ---- the view ---------------------------------------------------------------------------------------

void property_view::iterator::read() {
    if (at_ == end_) return;
    wire::reader in(bytes(at_, end_));
    wire::take_property(in, wire::rule_at(in).type, current_);
    next_ = in.at();
}

property_view::iterator& property_view::iterator::operator++() {
    at_ = next_;
    read();
    return *this;
}

std::optional<property> property_view::find(property_id id) const {
    for (const property& each : *this) {
        if (each.id == id) return each;
    }
    return std::nullopt;
}

std::optional<std::uint32_t> property_view::number(property_id id) const {
    const auto found = find(id);
    return found ? std::optional(found->number) : std::nullopt;
}

std::optional<std::string_view> property_view::text(property_id id) const {
    const auto found = find(id);
    return found ? std::optional(found->data) : std::nullopt;
}

}  // namespace mqtt_as
