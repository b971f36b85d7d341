// Where the picture goes: redrawn in place on a terminal, plain lines anywhere else.
#pragma once

#include "tools/demo/picture.hpp"
#include "tools/terminal/display.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace mqtt_as::demo {

class screen {
public:
    /// Shows this moment. Plain outputs get a line per second.
    void show(const scene& what);
    /// Says that something happened. Terminals show it as part of the scene.
    void tell(std::string_view what);
    /// The last picture stays; on plain outputs, the table of outages.
    void finish(const scene& what);

private:
    std::string elapsed() const;

    terminal::display display_;
    bool in_place_ = display_.can_redraw(1);  ///< as long as the picture fits
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point next_line_ = began_;
};

}  // namespace mqtt_as::demo
