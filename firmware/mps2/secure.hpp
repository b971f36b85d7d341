// TLS of the images that have it.
#pragma once

#include <cstdint>
#include <mqtt_as/mqtt_as.hpp>

namespace board {

/// The connection is secured: the CA is in the file (DER) of the argument `ca`, the server is called `server_name`.
void secure(mqtt_as::config&);

/// The most that lwIP, and TLS with it, ever had of lwIP's heap.
std::uint32_t heap_used();

}  // namespace board
