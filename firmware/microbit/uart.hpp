// The UART and the generator of random numbers of the nRF51822.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace board {

void begin_uart();
/// Sends all of it, waiting for the wire.
void send(std::span<const std::uint8_t> bytes);
/// What has come, without waiting; how many bytes. While nobody calls, the other end is held back.
std::size_t receive(std::span<std::uint8_t> to);
/// From now on a byte ends `sleep`.
void wake_by_uart();

std::uint64_t random();

}  // namespace board
