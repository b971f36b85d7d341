// Takes from the front of the block, and never gives back.
#include "mqtt_as/lwip/static_memory.hpp"

#include <cstdint>

namespace mqtt_as {

void* static_memory::allocate(std::size_t size) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(block_.data()) + used_;
    const std::size_t padding = -address % alignof(std::max_align_t);
    if (block_.size() - used_ < padding || block_.size() - used_ - padding < size) return nullptr;
    std::byte* const taken = block_.data() + used_ + padding;
    used_ += padding + size;
    return taken;
}

}  // namespace mqtt_as
