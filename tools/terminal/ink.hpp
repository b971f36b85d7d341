// Lines of coloured text, and the words and signs that all our pictures share.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mqtt_as::terminal {

enum class tone : std::uint8_t { normal, faint, strong, good, bad, busy };

struct stroke {
    std::string text;
    tone colour = tone::normal;
};
using line = std::vector<stroke>;

/// The signs of a picture: those of Unicode, or plain ASCII.
struct glyphs {
    std::string good, bad, to_come, now;
    std::string up, partly_up, down;
    std::array<std::string, 9> levels;  ///< from nothing to much
};
extern const glyphs unicode_glyphs;
extern const glyphs ascii_glyphs;

/// With spaces behind it; so many columns of ASCII.
std::string padded(std::string text, std::size_t width);
/// With spaces before it.
std::string right(const std::string& text, std::size_t width);
/// 12345 -> "12,345".
std::string grouped(std::uint64_t number);
/// "12.3 s".
std::string seconds_text(std::chrono::milliseconds);

}  // namespace mqtt_as::terminal
