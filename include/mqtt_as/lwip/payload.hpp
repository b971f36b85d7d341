// What a message carries: bytes that are borrowed for the call, which copies them.
#pragma once

#include "mqtt_as/types.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace mqtt_as {

/// The body of a publish, made from whatever the caller has.
class payload {
public:
    payload() = default;
    payload(const char* text) : payload(std::string_view(text)) {}
    payload(std::string_view text) : view_(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()) {}
    payload(std::span<const std::byte> data) : view_(reinterpret_cast<const std::uint8_t*>(data.data()), data.size()) {}
    payload(bytes data) : view_(data) {}

    bytes view() const { return view_; }
    std::size_t size() const { return view_.size(); }

private:
    bytes view_;
};

}  // namespace mqtt_as
