// Padding, numbers and signs.
#include "tools/terminal/ink.hpp"

#include <cstdio>

namespace mqtt_as::terminal {

const glyphs unicode_glyphs = {.good = "✓",
                               .bad = "✗",
                               .to_come = "·",
                               .now = "▸",
                               .up = "━",
                               .partly_up = "╍",
                               .down = "·",
                               .levels = {"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}};
const glyphs ascii_glyphs = {.good = "+",
                             .bad = "x",
                             .to_come = ".",
                             .now = ">",
                             .up = "=",
                             .partly_up = "-",
                             .down = ".",
                             .levels = {".", "1", "2", "3", "4", "5", "6", "7", "8"}};

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

std::string right(const std::string& text, std::size_t width) {
    return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

std::string seconds_text(std::chrono::milliseconds time) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(time.count()) / 1000);
    return text.data();
}

}  // namespace mqtt_as::terminal
