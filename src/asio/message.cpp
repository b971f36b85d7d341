// The owning copy of a received message.
#include "mqtt_as/asio/message.hpp"

namespace mqtt_as {

queued_message::queued_message(const message& from)
    : topic_size_(static_cast<std::uint32_t>(from.topic.size())),
      payload_size_(static_cast<std::uint32_t>(from.payload.size())), qos_(from.qos), retained_(from.retain),
      duplicate_(from.dup), delivery_(from.id, 0) {
    const bytes properties = from.properties.encoded();
    data_.reserve(from.topic.size() + from.payload.size() + properties.size());
    data_.insert(data_.end(), from.topic.begin(), from.topic.end());
    data_.insert(data_.end(), from.payload.begin(), from.payload.end());
    data_.insert(data_.end(), properties.begin(), properties.end());
}

}  // namespace mqtt_as
