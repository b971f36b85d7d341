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

void put_text(writer& out, std::string_view text) {
    if (out.judges()) out.demand(is_utf8_string(text));
    out.put_string(text);
}

void put_text(writer& out, property_id id, const std::optional<std::string_view>& text) {
    if (!text) return;
    put_id(out, id);
    put_text(out, *text);
}

void put_user_properties(writer& out, std::span<const user_property> all) {
    for (const user_property& each : all) {
        put_id(out, property_id::user_property);
        put_text(out, each.name);
        put_text(out, each.value);
    }
}

void put_fields(writer& out, const publish_properties& given) {
    if (given.payload_is_utf8) put_number(out, property_id::payload_format_indicator, 1, 1);
    if (const auto& seconds = given.message_expiry_interval)
        put_number(out, property_id::message_expiry_interval, 4, *seconds);
    put_text(out, property_id::content_type, given.content_type);
    if (out.judges() && given.response_topic) out.demand(is_topic_name(*given.response_topic));  // [MQTT-3.3.2-14]
    put_text(out, property_id::response_topic, given.response_topic);
    if (const auto& data = given.correlation_data) {
        out.demand(data->size() <= data_bytes_max);
        put_id(out, property_id::correlation_data);
        out.put_string(*data);
    }
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
