// English words for errors, reason codes and violations, apart from all code that a board needs.
#include "mqtt_as/types.hpp"

namespace mqtt_as {

std::string_view describe(errc error) noexcept {
    switch (error) {
    case errc::ok: return "No error";
    case errc::bad_topic:
        return "The topic name is empty, longer than 65,535 bytes, not UTF-8, or contains '+', '#' or U+0000";
    case errc::bad_filter:
        return "The topic filter is not valid: '#' must be the last level, '+' a whole level, and a shared one "
               "is $share/NAME/FILTER";
    case errc::bad_qos: return "The qos must be 0, 1 or 2";
    case errc::bad_properties: return "A property or option is malformed, out of range, or not allowed in this packet";
    case errc::unsupported_by_version: return "MQTT 3.1.1 has no such feature; set the protocol version to 5";
    case errc::too_large: return "The packet is larger than the protocol, the server or the configured limits allow";
    case errc::queue_full:
        return "Too many unfinished operations, payload bytes or subscriptions; wait, or raise the limits";
    case errc::out_of_memory: return "The client's memory is exhausted";
    case errc::not_started: return "The client is not started; call connect() first";
    case errc::closed: return "The client has been closed";
    case errc::already_started: return "The client is already connected or connecting";
    case errc::unsupported_by_server: return "The server said on connecting that it does not offer this";
    case errc::bad_client_id:
        return "The client identifier is longer than 65,535 bytes, not UTF-8, or empty although the session is to "
               "be kept";
    case errc::bad_credentials:
        return "The user or password is longer than 65,535 bytes, the user is not UTF-8, or MQTT 3.1.1 was given "
               "a password without a user";
    case errc::bad_will:
        return "The will needs a valid topic name, a qos of 0, 1 or 2, and a payload of at most 65,535 bytes";
    case errc::bad_config: return "A time or a limit of the configuration is 0, negative or out of range";
    case errc::bad_query:
        return "wan_ok takes a DNS server's numeric address and port, one DNS query, and a time to wait for the answer";
    case errc::refused: return "The server refused it; the reason code says why";
    case errc::timed_out: return "The deadline of the operation passed";
    case errc::cancelled: return "The operation was cancelled";
    case errc::stopped: return "The client was disconnected or closed before the operation finished";
    case errc::session_lost: return "The server lost the session that knew this qos 2 message";
    case errc::dropped: return "The operation was dropped because the queue was full, as configured";
    case errc::link_down: return "The network interface is down";
    case errc::resolve_failed: return "The server's name could not be resolved to an address";
    case errc::connect_failed: return "No connection to the server could be made";
    case errc::tls_failed: return "The connection could not be secured";
    case errc::stage_timed_out: return "The server did not answer in time while connecting";
    case errc::connection_closed: return "The connection was closed by the server or broke";
    case errc::connection_refused: return "The server refused the connection; the reason code says why";
    case errc::server_disconnected: return "The server ended the connection; the reason code says why";
    case errc::silence: return "The server stopped answering";
    case errc::acknowledgement_missing: return "The server did not acknowledge a packet in time";
    case errc::protocol_violation: return "The server broke the MQTT protocol";
    case errc::session_unknown: return "The server resumed a session that this client does not have";
    case errc::superseded: return "The attempt was replaced by a new one";
    case errc::network_changed: return "The network changed and the connection did not survive it";
    case errc::wifi_unavailable:
        return "wpa_supplicant cannot be reached: is it running, with a control socket for us?";
    case errc::wifi_refused: return "wpa_supplicant does not take the settings of the Wi-Fi network";
    case errc::wifi_not_found: return "The Wi-Fi network was not found: is the ssid right, and the access point near?";
    case errc::wifi_wrong_key: return "The Wi-Fi network does not take the password";
    case errc::wifi_timed_out: return "The Wi-Fi network could not be joined within a minute";
    case errc::wifi_unstable: return "The Wi-Fi connection is unstable";
    }
    return "Unknown error";
}

std::string_view describe(reason_code reason) noexcept {
    switch (reason) {
    case reason_code::success: return "Success";
    case reason_code::granted_qos_1: return "Granted QoS 1";
    case reason_code::granted_qos_2: return "Granted QoS 2";
    case reason_code::disconnect_with_will: return "Disconnect with Will Message";
    case reason_code::no_matching_subscribers: return "No matching subscribers";
    case reason_code::no_subscription_existed: return "No subscription existed";
    case reason_code::continue_authentication: return "Continue authentication";
    case reason_code::re_authenticate: return "Re-authenticate";
    case reason_code::unspecified_error: return "Unspecified error";
    case reason_code::malformed_packet: return "Malformed Packet";
    case reason_code::protocol_error: return "Protocol Error";
    case reason_code::implementation_specific_error: return "Implementation specific error";
    case reason_code::unsupported_protocol_version: return "Unsupported Protocol Version";
    case reason_code::client_identifier_not_valid: return "Client Identifier not valid";
    case reason_code::bad_user_name_or_password: return "Bad User Name or Password";
    case reason_code::not_authorized: return "Not authorized";
    case reason_code::server_unavailable: return "Server unavailable";
    case reason_code::server_busy: return "Server busy";
    case reason_code::banned: return "Banned";
    case reason_code::server_shutting_down: return "Server shutting down";
    case reason_code::bad_authentication_method: return "Bad authentication method";
    case reason_code::keep_alive_timeout: return "Keep Alive timeout";
    case reason_code::session_taken_over: return "Session taken over";
    case reason_code::topic_filter_invalid: return "Topic Filter invalid";
    case reason_code::topic_name_invalid: return "Topic Name invalid";
    case reason_code::packet_identifier_in_use: return "Packet Identifier in use";
    case reason_code::packet_identifier_not_found: return "Packet Identifier not found";
    case reason_code::receive_maximum_exceeded: return "Receive Maximum exceeded";
    case reason_code::topic_alias_invalid: return "Topic Alias invalid";
    case reason_code::packet_too_large: return "Packet too large";
    case reason_code::message_rate_too_high: return "Message rate too high";
    case reason_code::quota_exceeded: return "Quota exceeded";
    case reason_code::administrative_action: return "Administrative action";
    case reason_code::payload_format_invalid: return "Payload format invalid";
    case reason_code::retain_not_supported: return "Retain not supported";
    case reason_code::qos_not_supported: return "QoS not supported";
    case reason_code::use_another_server: return "Use another server";
    case reason_code::server_moved: return "Server moved";
    case reason_code::shared_subscriptions_not_supported: return "Shared Subscriptions not supported";
    case reason_code::connection_rate_exceeded: return "Connection rate exceeded";
    case reason_code::maximum_connect_time: return "Maximum connect time";
    case reason_code::subscription_identifiers_not_supported: return "Subscription Identifiers not supported";
    case reason_code::wildcard_subscriptions_not_supported: return "Wildcard Subscriptions not supported";
    }
    return "Unknown reason code";
}

std::string_view describe(violation why) noexcept {
    switch (why) {
    case violation::none: return "No violation";
    case violation::bad_packet_type: return "A packet type that a server never sends";
    case violation::bad_fixed_header_flags: return "Reserved bits of the fixed header are set wrongly";
    case violation::bad_remaining_length: return "A variable byte integer of more bytes than allowed";
    case violation::truncated_packet: return "A field reaches past the end of its packet";
    case violation::trailing_bytes: return "Bytes are left over after the last field of the packet";
    case violation::bad_string: return "A string is not UTF-8 or contains U+0000";
    case violation::bad_topic_name: return "A topic name is empty or contains a wildcard";
    case violation::bad_qos: return "A PUBLISH with qos 3, or with DUP at qos 0";
    case violation::zero_packet_identifier: return "A packet identifier of 0";
    case violation::bad_reason_code: return "A reason code that this packet cannot carry";
    case violation::bad_property: return "A property that is unknown or not allowed in this packet";
    case violation::repeated_property: return "A property that may appear once appears twice";
    case violation::bad_property_value: return "A property is missing or has a value outside its range";
    case violation::bad_acknowledge_flags: return "Reserved bits of CONNACK's acknowledge flags are set";
    case violation::bad_session_present: return "Session present in a refusal or after a clean start";
    case violation::wrong_code_count: return "Not exactly one code per topic filter in SUBACK or UNSUBACK";
    case violation::unexpected_packet: return "A packet that has no place at this point";
    case violation::packet_too_large: return "A packet larger than our maximum packet size";
    case violation::receive_maximum_exceeded: return "More unacknowledged messages than our receive maximum";
    case violation::bad_topic_alias: return "A topic alias, which we never allowed";
    case violation::unasked_property: return "A property that we have not asked for";
    }
    return "Unknown violation";
}

}  // namespace mqtt_as
