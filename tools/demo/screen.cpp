// A picture or a line.
#include "tools/demo/screen.hpp"

#include <array>
#include <cstdio>

namespace mqtt_as::demo {

using namespace std::chrono_literals;

std::string screen::elapsed() const {
    std::array<char, 32> text{};
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - began_;
    std::snprintf(text.data(), text.size(), "%5.1f s  ", time.count());
    return text.data();
}

void screen::show(const scene& what) {
    const std::vector<line> picture = draw(what, display_.signs());
    in_place_ = in_place_ && display_.can_redraw(picture.size());
    if (in_place_) return display_.redraw(picture);
    const auto now = std::chrono::steady_clock::now();
    if (now < next_line_) return;
    next_line_ = now + 1s;
    display_.print({{elapsed() + one_line(what)}});
}

void screen::tell(std::string_view what) {
    if (!in_place_) display_.print({{elapsed() + "* "}, {std::string(what)}});
}

void screen::finish(const scene& what) {
    if (in_place_) return display_.redraw(draw(what, display_.signs()));
    display_.print({});
    for (const line& each : draw_outages(what.outages, display_.signs())) display_.print(each);
}

}  // namespace mqtt_as::demo
