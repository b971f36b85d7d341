// The rules of MQTT 5's properties (section 2.2.2.2) in one table: to check received ones, and to read them as a view.
#include "src/wire/properties.hpp"

#include "mqtt_as/topic.hpp"

#include <span>

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
    unasked,   ///< CONNACK answers what CONNECT asked for: authentication we never ask for [MQTT-4.12.0-7]
    no_alias,  ///< our Topic Alias Maximum is 0, so that any alias is too much [MQTT-3.1.2-27]
};

struct rule {
    std::uint16_t packets = 0;  ///< bit n: a server may send it in packet type n
    property_id id{};
    kind type : 4 = {};
    range values : 4 = range::any;
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
using enum property_id;
constexpr rule rules[] = {
    {0, {}, kind::byte},  // of all others
    {in_publish, payload_format_indicator, kind::byte, range::boolean},
    {in_publish, message_expiry_interval, kind::u32},
    {in_publish, content_type, kind::string},
    {in_publish, response_topic, kind::string},
    {in_publish, correlation_data, kind::binary},
    {in_publish | many_times, subscription_identifier, kind::variable, range::not_zero},
    {in_connack, session_expiry_interval, kind::u32},
    {in_connack, assigned_client_identifier, kind::string},
    {in_connack, server_keep_alive, kind::u16},
    {in_connack, authentication_method, kind::string, range::unasked},
    {in_connack, authentication_data, kind::binary, range::unasked},
    {in_connack, response_information, kind::string},
    {in_connack | in_disconnect, server_reference, kind::string},
    {in_answers, reason_string, kind::string},
    {in_connack, receive_maximum, kind::u16, range::not_zero},
    {in_connack, topic_alias_maximum, kind::u16},
    {in_publish, topic_alias, kind::u16, range::no_alias},
    {in_connack, maximum_qos, kind::byte, range::boolean},
    {in_connack, retain_available, kind::byte, range::boolean},
    {in_publish | in_answers | many_times, property_id::user_property, kind::pair},
    {in_connack, maximum_packet_size, kind::u32, range::not_zero},
    {in_connack, wildcard_subscription_available, kind::byte, range::boolean},
    {in_connack, subscription_identifier_available, kind::byte, range::boolean},
    {in_connack, shared_subscription_available, kind::byte, range::boolean},
};

static_assert(std::size(rules) <= 32, "judge_all has a bit for each");

/// The rule of the property at the front, without taking it. Identifiers are variable byte integers; all that exist fit
/// into one byte.
const rule& rule_at(const reader& in) {
    const rule* by = std::end(rules);
    while (--by != rules && static_cast<std::uint8_t>(by->id) != *in.at()) {
    }
    return *by;
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
    case range::unasked: return violation::unasked_property;
    case range::no_alias: return violation::bad_topic_alias;
    }
    const bool is_text = by.type == kind::string || by.type == kind::pair;
    const bool is_good = !is_text || (is_utf8_string(given.name) && is_utf8_string(given.data));
    return is_good ? violation::none : violation::bad_string;
}

violation judge_all(bytes block, packet_type type) {
    reader in(block);
    property given;
    std::uint32_t seen = 0;  // bit n: what has rule n
    while (in.left() != 0) {
        const rule& by = rule_at(in);
        if ((by.packets & wire::in(type)) == 0) return violation::bad_property;
        take_property(in, by.type, given);
        if (in.why() != violation::none) break;
        const std::uint32_t bit = std::uint32_t{1} << (&by - rules);
        if ((seen & bit) != 0 && (by.packets & many_times) == 0) return violation::repeated_property;
        seen |= bit;
        const violation why = judge_value(given, by);
        if (why != violation::none) return why;
    }
    return in.why();
}

}  // namespace

void take_properties(reader& in, packet_type type, property_view& out) {
    const bytes block = in.take(in.take_variable());
    const violation why = judge_all(block, type);
    if (why != violation::none) in.fail(why);
    out = property_view(block);
}

/// Apart, so that its stack is not that of reading them, too.
[[gnu::noinline]] void take_limits(property_view properties, connack& out) {
    negotiated& agreed = out.agreed;
    property each;
    for (reader in(properties.encoded()); in.left() != 0;) {
        take_property(in, rule_at(in).type, each);
        const std::uint32_t number = each.number;
        switch (each.id) {
        case server_keep_alive: out.server_keep_alive = static_cast<std::uint16_t>(number); break;
        case receive_maximum: agreed.receive_maximum = static_cast<std::uint16_t>(number); break;
        case maximum_qos: agreed.maximum_qos = static_cast<std::uint8_t>(number); break;
        case maximum_packet_size: agreed.maximum_packet_size = number; break;
        case retain_available:
        case wildcard_subscription_available:
        case subscription_identifier_available:
        case shared_subscription_available:
            if (number == 0) agreed.refuse(each.id);
            break;
        case assigned_client_identifier: out.assigned_client_identifier = each.data; break;
        case response_information: out.has_response_information = true; break;
        default: break;
        }
    }
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
