// MQTT 5 properties that the caller gives: what is allowed, and how it is written.
#include "mqtt_as/topic.hpp"
#include "src/wire/common.hpp"
#include "src/wire/properties.hpp"

namespace mqtt_as::wire {
namespace {

// ---- writing --------------------------------------------------------------------------------------

void put_id(writer& out, property_id id) { out.put_byte(static_cast<std::uint8_t>(id)); }

/// Of `width` bytes.
void put_number(writer& out, property_id id, int width, std::uint32_t value) {
    put_id(out, id);
    while (width-- != 0) out.put_byte(static_cast<std::uint8_t>(value >> 8 * width));
}

void put_data(writer& out, property_id id, const std::optional<std::string_view>& data) {
    if (!data) return;
    put_id(out, id);
    out.put_string(*data);
}

void put_user_properties(writer& out, std::span<const user_property> all) {
    for (const user_property& each : all) {
        put_data(out, property_id::user_property, each.name);
        out.put_string(each.value);
    }
}

void put_fields(writer& out, const publish_properties& given) {
    if (given.payload_is_utf8) put_number(out, property_id::payload_format_indicator, 1, 1);
    if (const auto& seconds = given.message_expiry_interval)
        put_number(out, property_id::message_expiry_interval, 4, *seconds);
    put_data(out, property_id::content_type, given.content_type);
    put_data(out, property_id::response_topic, given.response_topic);
    put_data(out, property_id::correlation_data, given.correlation_data);
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
    if (given.subscription_identifier) {
        put_id(out, property_id::subscription_identifier);
        out.put_variable(*given.subscription_identifier);
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
    if (const std::uint16_t most = given.config.receive_maximum; most != 65'535)
        put_number(out, property_id::receive_maximum, 2, most);
    if (const std::uint32_t most = given.maximum_packet_size; most != 0)
        put_number(out, property_id::maximum_packet_size, 4, most);
    if (asked.request_response_information) put_number(out, property_id::request_response_information, 1, 1);
    if (!asked.request_problem_information) put_number(out, property_id::request_problem_information, 1, 0);
    put_user_properties(out, asked.user_properties);
    out.close(begin);
}

// ---- checking -------------------------------------------------------------------------------------

bool is_good(const std::optional<std::string_view>& text) { return !text || is_utf8_string(*text); }

bool is_good_data(const std::optional<std::string_view>& data) { return !data || data->size() <= data_bytes_max; }

/// Stops counting at what no packet can hold, so that no sum of sizes wraps on a 32-bit machine.
errc check_user_properties(std::span<const user_property> all) {
    std::size_t total = 0;
    for (const user_property& each : all) {
        if (!is_utf8_string(each.name) || !is_utf8_string(each.value)) return errc::bad_properties;
        total += each.name.size() + each.value.size();
        if (total > remaining_length_max) return errc::too_large;
    }
    return errc::ok;
}

errc check_publish(const publish_properties& given) {
    const bool has_good_topic = !given.response_topic || is_topic_name(*given.response_topic);  // [MQTT-3.3.2-14]
    if (!has_good_topic || !is_good(given.content_type) || !is_good_data(given.correlation_data)) {
        return errc::bad_properties;
    }
    return check_user_properties(given.user_properties);
}

errc check_request(const subscribe_properties& given) {
    // 0 wraps: allowed are 1 to 268,435,455.
    if (given.subscription_identifier && *given.subscription_identifier - 1 >= remaining_length_max) {
        return errc::bad_properties;
    }
    return check_user_properties(given.user_properties);
}

errc check_connect(const connect& given) {
    if (given.config.receive_maximum == 0) return errc::bad_properties;
    if (given.last_will) {
        const errc of_will = check_publish(*given.last_will->properties);
        if (of_will != errc::ok) return of_will;
    }
    return check_user_properties(given.config.properties.user_properties);
}

}  // namespace

constinit const property_functions properties_of_5 = {
    .take = take_properties,
    .put_of_connect = put_of_connect,
    .put_of_will = put_of_will,
    .put_of_publish = put_of_publish,
    .put_of_request = put_of_request,
    .check_connect = check_connect,
    .check_publish = check_publish,
    .check_request = check_request,
};

}  // namespace mqtt_as::wire
