// Where the picture goes: redrawn in place on a terminal, plain lines anywhere else.
#pragma once

#include "tools/demo/picture.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace mqtt_as::demo {

class screen {
public:
    /// Looks at standard output and the environment (TERM, NO_COLOR, the locale).
    screen();
    /// Gives the terminal back as it was.
    ~screen();
    screen(const screen&) = delete;
    screen& operator=(const screen&) = delete;

    /// Shows this moment. Plain outputs get a line per second.
    void show(const scene& what);
    /// Says that something happened. Terminals show it as part of the scene.
    void tell(std::string_view what);
    /// The last picture stays; on plain outputs, the table of outages.
    void finish(const scene& what);

private:
    void redraw(const scene& what);
    std::string render(const line& what) const;
    std::string elapsed() const;

    bool in_place_ = false;
    bool coloured_ = false;
    std::size_t columns_ = 80;
    std::size_t rows_ = 24;
    std::size_t drawn_ = 0;  ///< lines of the picture that is on the screen
    glyphs glyphs_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point next_line_ = began_;
};

}  // namespace mqtt_as::demo
