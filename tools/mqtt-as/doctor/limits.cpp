// Properties of CONNACK (MQTT 5, section 3.2.2.3), with the values that they have when they are absent.
#include "tools/mqtt-as/doctor/limits.hpp"

#include <cstdint>
#include <string>

namespace mqtt_as::cli::doctor {

namespace {

enum class kind : std::uint8_t { number, offer };

struct limit {
    property_id id;
    kind what;
    const char* name;
    std::optional<std::uint32_t> absent;  ///< what its absence means
    const char* words;                    ///< with N for the number; of an offer: what is not offered
};

constexpr limit all_limits[] = {
    {property_id::receive_maximum, kind::number, "receive_maximum", 65'535, "N messages may await acknowledgement"},
    {property_id::maximum_packet_size, kind::number, "maximum_packet_size", std::nullopt, "packets of at most N bytes"},
    {property_id::maximum_qos, kind::number, "maximum_qos", 2, "no qos above N"},
    {property_id::topic_alias_maximum, kind::number, "topic_alias_maximum", 0, "N topic aliases"},
    {property_id::server_keep_alive, kind::number, "server_keep_alive", std::nullopt,
     "keep-alive of N s instead of ours"},
    {property_id::session_expiry_interval, kind::number, "session_expiry_interval", std::nullopt,
     "sessions kept for N s instead of as asked"},
    {property_id::retain_available, kind::offer, "retain_available", 1, "no retained messages"},
    {property_id::wildcard_subscription_available, kind::offer, "wildcard_subscription_available", 1, "no wildcards"},
    {property_id::subscription_identifier_available, kind::offer, "subscription_identifier_available", 1,
     "no subscription identifiers"},
    {property_id::shared_subscription_available, kind::offer, "shared_subscription_available", 1,
     "no shared subscriptions"},
};

}  // namespace

void add_limits(finding& to, property_view connack, std::optional<std::string_view> prefix) {
    boost::json::object facts;
    std::string line;
    for (const limit& each : all_limits) {
        const std::optional<std::uint32_t> told = connack.number(each.id);
        const std::optional<std::uint32_t> value = told ? told : each.absent;
        if (!value) continue;
        if (each.what == kind::offer) {
            facts[each.name] = *value != 0;
        } else {
            facts[each.name] = *value;
        }
        if (value == each.absent) continue;
        std::string words = each.words;
        if (const auto at = words.find('N'); each.what == kind::number && at != words.npos) {
            words.replace(at, 1, std::to_string(*value));
        }
        line.append(line.empty() ? "" : ", ").append(words);
    }
    to.facts["limits"] = std::move(facts);
    to.notes.push_back(std::string(prefix.value_or("limits: ")) + (line.empty() ? "no limits" : line));
}

}  // namespace mqtt_as::cli::doctor
