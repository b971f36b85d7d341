// What a Cortex-M does before `main`, and what it knows of its own memory afterwards.
#pragma once

#include <cstdint>

namespace board {

/// Bytes of the stack that were in use at its deepest, found by the paint that is left.
std::uint32_t stack_used();
/// Bytes of RAM that the linker has given away, the stack included.
std::uint32_t ram_used();
/// Bytes of flash, initial values of variables included.
std::uint32_t flash_used();
/// Milliseconds since the start.
std::uint32_t milliseconds();
/// Sleeps until the next interrupt: a tick, or what the board has enabled.
inline void sleep() { asm volatile("wfi" ::: "memory"); }
/// As after switching on.
[[noreturn]] void restart();

}  // namespace board

/// Called by a board's vector table; each board has its own interrupts behind the first sixteen.
extern "C" void reset_handler();
extern "C" void fault_handler();
extern "C" void tick_handler();
extern "C" std::uint32_t top_of_stack;
extern "C" void nothing_handler();
