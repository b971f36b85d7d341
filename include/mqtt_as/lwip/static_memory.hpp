// An engine's memory in one static block. What is given back is not used again: the engine recycles its blocks itself.
#pragma once

#include "mqtt_as/engine_config.hpp"

#include <cstddef>
#include <span>

namespace mqtt_as {

class static_memory final : public memory_source {
public:
    explicit static_memory(std::span<std::byte> block) : block_(block) {}

    void* allocate(std::size_t size) noexcept override;
    void deallocate(void*, std::size_t) noexcept override {}
    /// The most that was ever needed.
    std::size_t used() const { return used_; }

private:
    std::span<std::byte> block_;
    std::size_t used_ = 0;
};

}  // namespace mqtt_as
