// The memory of a client that was given none.
#include "mqtt_as/lwip/port.hpp"

namespace mqtt_as::port {

[[gnu::weak]] std::span<std::byte> task_memory() {
    alignas(std::max_align_t) static std::byte memory[1'024];
    return memory;
}

[[gnu::weak]] std::span<std::byte> engine_memory() {
    alignas(std::max_align_t) static std::byte memory[8'192];
    return memory;
}

}  // namespace mqtt_as::port
