// Received messages that are told together: letting go of the lock and taking it again costs a third of all that a
// small message does.
#pragma once

#include "mqtt_as/message.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

namespace mqtt_as::detail {

/// Views of a few messages, in order. No memory of it is touched before it is used: most reads bring one message.
class message_batch {
public:
    bool empty() const noexcept { return size_ == 0; }
    bool is_full() const noexcept { return size_ == size_max; }
    void add(const message& m) noexcept { std::construct_at(at(size_++), m); }
    void clear() noexcept { size_ = 0; }
    std::span<const message> messages() noexcept { return {at(0), size_}; }

private:
    static_assert(std::is_trivially_destructible_v<message>);
    static constexpr std::size_t size_max = 16;

    message* at(std::size_t place) noexcept { return reinterpret_cast<message*>(memory_) + place; }

    alignas(message) std::byte memory_[size_max * sizeof(message)];
    std::size_t size_ = 0;
};

}  // namespace mqtt_as::detail
