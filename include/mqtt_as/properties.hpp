// MQTT 5 properties: typed, without allocation. Given as plain structs, read as a view of encoded bytes.
#pragma once

#include "mqtt_as/types.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mqtt_as {

/// Identifiers of MQTT 5, section 2.2.2.2.
enum class property_id : std::uint8_t {
    payload_format_indicator = 0x01,
    message_expiry_interval = 0x02,
    content_type = 0x03,
    response_topic = 0x08,
    correlation_data = 0x09,
    subscription_identifier = 0x0B,
    session_expiry_interval = 0x11,
    assigned_client_identifier = 0x12,
    server_keep_alive = 0x13,
    authentication_method = 0x15,
    authentication_data = 0x16,
    request_problem_information = 0x17,
    will_delay_interval = 0x18,
    request_response_information = 0x19,
    response_information = 0x1A,
    server_reference = 0x1C,
    reason_string = 0x1F,
    receive_maximum = 0x21,
    topic_alias_maximum = 0x22,
    topic_alias = 0x23,
    maximum_qos = 0x24,
    retain_available = 0x25,
    user_property = 0x26,
    maximum_packet_size = 0x27,
    wildcard_subscription_available = 0x28,
    subscription_identifier_available = 0x29,
    shared_subscription_available = 0x2A,
};

struct user_property {
    std::string_view name;
    std::string_view value;
    friend bool operator==(const user_property&, const user_property&) = default;
};

/// One decoded property. `number` holds every integer kind; `data` every string and binary kind (for a
/// user property the value, with its name in `name`).
struct property {
    property_id id{};
    std::uint32_t number = 0;
    std::string_view name;
    std::string_view data;
    friend bool operator==(const property&, const property&) = default;
};

/// The properties of a received packet: a view of bytes that the decoder has already checked, so
/// iterating never fails. Lives as long as the packet it came with. Empty in MQTT 3.1.1.
class property_view {
public:
    class iterator {
    public:
        using value_type = property;
        using difference_type = std::ptrdiff_t;

        iterator() = default;
        const property& operator*() const { return current_; }
        const property* operator->() const { return &current_; }
        iterator& operator++();
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& a, const iterator& b) { return a.at_ == b.at_; }

    private:
        friend class property_view;
        iterator(const std::uint8_t* at, const std::uint8_t* end) : at_(at), next_(end), end_(end) { read(); }
        void read();                          // what begins at `at_`
        const std::uint8_t* at_ = nullptr;    // where `current_` begins; the end when there is none
        const std::uint8_t* next_ = nullptr;  // where the one after it begins
        const std::uint8_t* end_ = nullptr;
        property current_{};
    };

    property_view() = default;
    /// `encoded` holds properties without the leading length, already checked.
    explicit property_view(bytes encoded) : encoded_(encoded) {}

    iterator begin() const { return {encoded_.data(), encoded_.data() + encoded_.size()}; }
    iterator end() const {
        const auto* last = encoded_.data() + encoded_.size();
        return {last, last};
    }
    bool empty() const { return encoded_.empty(); }
    bytes encoded() const { return encoded_; }

    /// The first property with this identifier.
    std::optional<property> find(property_id) const;
    std::optional<std::uint32_t> number(property_id) const;
    std::optional<std::string_view> text(property_id) const;

private:
    bytes encoded_;
};

/// Properties of a PUBLISH or of a will that the caller gives. Everything is borrowed until the call
/// that takes it returns (the encoder copies).
struct publish_properties {
    /// Seconds, counted by the server from when it gets the message. How long it may wait here is the operation's
    /// `timeout`.
    std::optional<std::uint32_t> message_expiry_interval{};
    std::optional<std::string_view> content_type{};
    std::optional<std::string_view> response_topic{};
    std::optional<std::string_view> correlation_data{};  ///< any bytes
    bool payload_is_utf8 = false;                        ///< payload format indicator 1
    std::span<const user_property> user_properties{};
    bool empty() const {
        return !message_expiry_interval && !content_type && !response_topic && !correlation_data && !payload_is_utf8 &&
               user_properties.empty();
    }
};

inline constexpr publish_properties no_publish_properties;

/// Properties of SUBSCRIBE (`subscription_identifier` [1..268,435,455]) and UNSUBSCRIBE (user properties only).
struct subscribe_properties {
    std::optional<std::uint32_t> subscription_identifier{};
    std::span<const user_property> user_properties{};
    bool empty() const { return !subscription_identifier && user_properties.empty(); }
};

/// Properties of CONNECT that the caller gives. Session expiry, receive maximum and maximum packet size
/// come from the configuration itself.
struct connect_properties {
    bool request_response_information = false;
    bool request_problem_information = true;
    std::span<const user_property> user_properties{};
};

}  // namespace mqtt_as
