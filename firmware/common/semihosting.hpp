// Talking to the emulator: output, exit status, arguments, files. On a real board these are a UART and flash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace board {

void print(std::string_view text);
void print(std::uint32_t number);
/// Prints its arguments, and ends the line.
template <class... Parts>
void print_line(Parts... parts) {
    (print(parts), ...);
    print("\n");
}

[[noreturn]] void exit(int status);

/// The value of the argument `name=value`; empty when there is none. Zero-terminated.
std::string_view argument(std::string_view name);
std::uint32_t number_argument(std::string_view name, std::uint32_t otherwise);

/// The first `to.size()` bytes of a file of the host; how many there were.
std::size_t read_file(const char* path, std::span<std::uint8_t> to);
bool write_file(const char* path, std::span<const std::span<const std::uint8_t>> parts);
void remove_file(const char* path);

}  // namespace board
