// The memory of coroutine frames: first fit in one static block (`port::task_memory`), neighbours joined again.
#pragma once

#include <cstddef>

namespace mqtt_as::detail {

/// nullptr when there is no room. Used by the client's thread only.
void* take_memory(std::size_t size) noexcept;
void give_memory(void*) noexcept;

}  // namespace mqtt_as::detail

namespace mqtt_as {

/// Bytes of `port::task_memory` that are in use, and the most that ever were.
struct task_memory_use {
    std::size_t now = 0;
    std::size_t most = 0;
};
task_memory_use look_at_task_memory() noexcept;

}  // namespace mqtt_as
