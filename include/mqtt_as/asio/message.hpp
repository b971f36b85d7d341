// Received messages, borrowed and by copy, and what operations report.
#pragma once

#include "mqtt_as/engine.hpp"
#include "mqtt_as/message_view.hpp"
#include "mqtt_as/properties.hpp"
#include "mqtt_as/types.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace mqtt_as {

namespace detail {
class core;
}

/// Names a received message for `MQTTClient::acknowledge`: a small value that outlives the message, to be copied, kept
/// or dropped. It belongs to the connection on which the application was given the message.
class delivery {
public:
    delivery() = default;
    delivery(acknowledge_id id, std::uint32_t connection) : id_(id), connection_(connection) {}

private:
    friend class detail::core;
    acknowledge_id id_ = 0;
    std::uint32_t connection_ = 0;  // 0: the client acknowledges by itself
};

/// A received message, borrowed: valid until the callback that was given it returns.
class received_message : public message_view {
public:
    explicit received_message(const message& from, std::uint32_t connection = 0)
        : message_view(from), connection_(connection) {}

    mqtt_as::delivery delivery() const { return {from_->id, connection_}; }

private:
    std::uint32_t connection_;
};

/// An owned copy of the properties of a received packet, shared by its own copies. Allocates only when there are any.
class property_list {
public:
    property_list() = default;
    explicit property_list(property_view from) {
        const bytes encoded = from.encoded();
        if (!encoded.empty())
            encoded_ = std::make_shared<const std::vector<std::uint8_t>>(encoded.begin(), encoded.end());
    }

    property_view view() const { return encoded_ ? property_view(*encoded_) : property_view(); }
    operator property_view() const { return view(); }
    property_view::iterator begin() const { return view().begin(); }
    property_view::iterator end() const { return view().end(); }
    bool empty() const { return !encoded_; }

private:
    std::shared_ptr<const std::vector<std::uint8_t>> encoded_;
};

/// A received message that owns its bytes (one allocation): what `MQTTClient::queue` gives.
/// `auto [topic, text, retained] = co_await client.queue.receive();`
class queued_message {
public:
    queued_message() = default;
    explicit queued_message(const message& from);

    std::string_view topic() const { return {at(0), topic_size_}; }
    std::string_view text() const { return {at(topic_size_), payload_size_}; }
    bytes payload() const { return {data_.data() + topic_size_, payload_size_}; }
    bool retained() const { return retained_; }
    std::uint8_t qos() const { return qos_; }
    bool duplicate() const { return duplicate_; }
    property_view properties() const { return property_view(bytes(data_).subspan(topic_size_ + payload_size_)); }
    mqtt_as::delivery delivery() const { return delivery_; }

    template <std::size_t I>
    auto get() const {
        if constexpr (I == 0) {
            return topic();
        } else if constexpr (I == 1) {
            return text();
        } else {
            return retained();
        }
    }

private:
    friend class detail::core;
    const char* at(std::size_t offset) const { return reinterpret_cast<const char*>(data_.data()) + offset; }

    std::vector<std::uint8_t> data_;  // topic, payload, properties
    std::uint32_t topic_size_ = 0;
    std::uint32_t payload_size_ = 0;
    std::uint8_t qos_ = 0;
    bool retained_ = false;
    bool duplicate_ = false;
    mqtt_as::delivery delivery_;
};

/// How an operation ended. `reason` and `properties` are those of the acknowledgement.
struct operation_result {
    reason_code reason{};
    bool may_have_been_delivered = false;  ///< on failure: false means that not one byte of it was sent
    bool may_be_duplicated = false;        ///< qos 2, published again after the server had lost the session
    property_list properties{};
};

/// How a publish ended. With qos 0 there is no acknowledgement.
struct publish_result : operation_result {};

/// How a subscribe ended: `reason` is the granted qos, or why it was refused.
struct subscribe_result : operation_result {
    std::uint8_t granted_qos() const { return static_cast<std::uint8_t>(reason) & 3; }
};

struct unsubscribe_result : operation_result {};

/// How `connect` ended. On failure the fields from `at` on say where and why.
struct connect_result {
    bool session_present = false;
    property_list properties{};  ///< of CONNACK, or of the DISCONNECT that ended the attempt
    stage at{};                  ///< resolve, connect, mqtt...
    reason_code reason{};        ///< with connection_refused
    violation why{};             ///< with protocol_violation
    int transport_error = 0;     ///< errno, or getaddrinfo's number with resolve_failed
    std::string error_text{};    ///< with tls_failed: what is wrong, in words
    bool can_retry_help = true;  ///< false: it will fail the same way until someone changes something
};

}  // namespace mqtt_as

template <>
struct std::tuple_size<mqtt_as::queued_message> : std::integral_constant<std::size_t, 3> {};
template <std::size_t I>
struct std::tuple_element<I, mqtt_as::queued_message> {
    using type = decltype(std::declval<const mqtt_as::queued_message&>().template get<I>());
};
