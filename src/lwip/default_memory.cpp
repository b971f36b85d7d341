// The memory of a client that was given none.
#include "mqtt_as/lwip/config.hpp"
#include "mqtt_as/lwip/port.hpp"

namespace mqtt_as::port {

[[gnu::weak]] std::span<std::byte> task_memory() {
    alignas(std::max_align_t) static std::byte memory[1'024];
    return memory;
}

[[gnu::weak]] std::span<std::uint8_t> engine_memory() {
    alignas(std::max_align_t) static std::uint8_t memory[client_memory_required(small_board_limits)];
    return memory;
}

}  // namespace mqtt_as::port
