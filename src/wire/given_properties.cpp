// MQTT 5 properties that the caller gives: how they are written, and what is allowed, which is judged when they are
// measured.
#include "mqtt_as/topic.hpp"
#include "src/wire/common.hpp"
#include "src/wire/properties.hpp"

namespace mqtt_as::wire {
namespace {

void put_id(writer& out, property_id id) { out.put_byte(static_cast<std::uint8_t>(id)); }

/// Of `width` bytes.
void put_number(writer& out, property_id id, int width, std::uint32_t value) {
    put_id(out, id);
    while (width-- != 0) out.put_byte(static_cast<std::uint8_t>(value >> 8 * width));
}

using judge = bool (*)(std::string_view) noexcept;
bool is_data(std::string_view data) noexcept { return data.size() <= data_bytes_max; }

void put_data(writer& out, std::string_view data, judge is_good) {
    if (out.judges()) out.demand(is_good(data));
    out.put_string(data);
}

void put_data(writer& out, property_id id, const std::optional<std::string_view>& data, judge is_good) {
    if (!data) return;
    put_id(out, id);
    put_data(out, *data, is_good);
}

void put_user_properties(writer& out, std::span<const user_property> all) {
    for (const user_property& each : all) {
        put_id(out, property_id::user_property);
        put_data(out, each.name, is_utf8_string);
        put_data(out, each.value, is_utf8_string);
    }
}

void put_fields(writer& out, const publish_properties& given) {
    if (given.payload_is_utf8) put_number(out, property_id::payload_format_indicator, 1, 1);
    if (const auto& seconds = given.message_expiry_interval)
        put_number(out, property_id::message_expiry_interval, 4, *seconds);
    put_data(out, property_id::content_type, given.content_type, is_utf8_string);
    put_data(out, property_id::response_topic, given.response_topic, is_topic_name);  // [MQTT-3.3.2-14]
    put_data(out, property_id::correlation_data, given.correlation_data, is_data);
    put_user_properties(out, given.user_properties);
}

void put_of_publish(writer& out, const publish_properties& given) {
    const std::size_t begin = out.open();
    put_fields(out, given);
    out.close(begin);
}

void put_of_will(writer& out, const will& given) {
    const std::size_t begin = out.open();
    if (given.delay_interval != 0) put_number(out, property_id::will_delay_interval, 4, given.delay_interval);
    put_fields(out, *given.properties);
    out.close(begin);
}

void put_of_request(writer& out, const subscribe_properties& given) {
    const std::size_t begin = out.open();
    if (const auto& number = given.subscription_identifier) {
        out.demand(*number - 1 < remaining_length_max);  // 0 wraps: allowed are 1 to 268,435,455
        put_id(out, property_id::subscription_identifier);
        out.put_variable(*number);
    }
    put_user_properties(out, given.user_properties);
    out.close(begin);
}

/// Values that are the specification's defaults are left out.
void put_of_connect(writer& out, const connect& given) {
    const std::size_t begin = out.open();
    const connect_properties& asked = given.config.properties;
    if (const std::uint32_t seconds = given.session_expiry_interval; seconds != 0)
        put_number(out, property_id::session_expiry_interval, 4, seconds);
    const std::uint16_t most_messages = given.config.receive_maximum;
    out.demand(most_messages != 0);
    if (most_messages != 65'535) put_number(out, property_id::receive_maximum, 2, most_messages);
    if (const std::uint32_t most = given.maximum_packet_size; most != 0)
        put_number(out, property_id::maximum_packet_size, 4, most);
    if (asked.request_response_information) put_number(out, property_id::request_response_information, 1, 1);
    if (!asked.request_problem_information) put_number(out, property_id::request_problem_information, 1, 0);
    put_user_properties(out, asked.user_properties);
    out.close(begin);
}

}  // namespace

constinit const property_functions properties_of_5 = {
    .take = take_properties,
    .put_of_connect = put_of_connect,
    .put_of_will = put_of_will,
    .put_of_publish = put_of_publish,
    .put_of_request = put_of_request,
};

}  // namespace mqtt_as::wire
