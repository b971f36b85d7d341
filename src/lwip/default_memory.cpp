// The memory of a client that was given none.
#include "mqtt_as/lwip/config.hpp"
#include "mqtt_as/lwip/port.hpp"

namespace mqtt_as::port {

[[gnu::weak]] std::span<std::byte> task_memory() {
    alignas(std::max_align_t) static std::byte memory[1'024];
    return memory;
}

[[gnu::weak]] std::span<std::byte> engine_memory() {
    // A library that was built for a host (tests) grows by use, in powers of two.
    constexpr std::size_t size = sizeof(void*) == 4 ? client_memory_required(board_limits) : 32'768;
    alignas(std::max_align_t) static std::byte memory[size];
    return memory;
}

}  // namespace mqtt_as::port
