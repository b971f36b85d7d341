// A received message as callbacks see it, on hosts and on boards.
#pragma once

#include "mqtt_as/message.hpp"
#include "mqtt_as/properties.hpp"
#include "mqtt_as/types.hpp"

#include <cstdint>
#include <string_view>

namespace mqtt_as {

/// A received message, borrowed: valid until the callback that was given it returns.
class message_view {
public:
    explicit message_view(const message& from) : from_(&from) {}

    std::string_view topic() const { return from_->topic; }
    /// The payload as text; any bytes.
    std::string_view text() const {
        return {reinterpret_cast<const char*>(from_->payload.data()), from_->payload.size()};
    }
    bytes payload() const { return from_->payload; }
    bool retained() const { return from_->retain; }
    std::uint8_t qos() const { return from_->qos; }
    bool duplicate() const { return from_->dup; }
    property_view properties() const { return from_->properties; }

protected:
    const message* from_;
};

}  // namespace mqtt_as
