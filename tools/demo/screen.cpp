// Escape sequences, and doing without them.
#include "tools/demo/screen.hpp"

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace mqtt_as::demo {

namespace {

using namespace std::chrono_literals;

const char* sequence_of(tone colour) {
    switch (colour) {
    case tone::faint: return "\x1b[2m";
    case tone::strong: return "\x1b[1m";
    case tone::good: return "\x1b[32m";
    case tone::bad: return "\x1b[31m";
    case tone::busy: return "\x1b[33m";
    default: return "";
    }
}

bool speaks_unicode() {
    std::setlocale(LC_CTYPE, "");
    return std::string_view(nl_langinfo(CODESET)) == "UTF-8";
}

// Cuts text after `columns` characters of UTF-8; returns how many it has.
std::size_t clip(std::string& text, std::size_t columns) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if ((text[at] & 0xC0) == 0x80) continue;  // not the first byte of a character
        if (count == columns) {
            text.resize(at);
            break;
        }
        ++count;
    }
    return count;
}

}  // namespace

screen::screen() : glyphs_(speaks_unicode() ? unicode_glyphs : ascii_glyphs) {
    const char* const term = std::getenv("TERM");
    winsize size{};
    in_place_ = ::isatty(STDOUT_FILENO) && term && std::string_view(term) != "dumb" &&
                ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0;
    if (!in_place_) return;
    columns_ = size.ws_col;
    rows_ = size.ws_row;
    coloured_ = !std::getenv("NO_COLOR");
}

screen::~screen() {
    if (drawn_ > 0) std::fputs("\x1b[?25h", stdout);
    std::fflush(stdout);
}

std::string screen::elapsed() const {
    std::array<char, 32> text{};
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - began_;
    std::snprintf(text.data(), text.size(), "%5.1f s  ", time.count());
    return text.data();
}

void screen::show(const scene& what) {
    if (draw(what, glyphs_).size() >= rows_) in_place_ = false;  // too small to be redrawn
    if (in_place_) return redraw(what);
    const auto now = std::chrono::steady_clock::now();
    if (now < next_line_) return;
    next_line_ = now + 1s;
    std::printf("%s%s\n", elapsed().c_str(), one_line(what).c_str());
    std::fflush(stdout);
}

void screen::tell(std::string_view what) {
    if (in_place_) return;
    std::printf("%s* %.*s\n", elapsed().c_str(), static_cast<int>(what.size()), what.data());
    std::fflush(stdout);
}

void screen::finish(const scene& what) {
    if (in_place_) return redraw(what);
    std::puts("");
    for (const line& each : draw_outages(what.outages, glyphs_)) std::puts(render(each).c_str());
}

void screen::redraw(const scene& what) {
    // One write per picture, so that no half of it is ever seen. The cursor rests below it.
    std::string all = drawn_ > 0 ? "\x1b[" + std::to_string(drawn_) + "A" : "\x1b[?25l";
    const std::vector<line> picture = draw(what, glyphs_);
    for (const line& each : picture) all += "\r" + render(each) + "\x1b[K\n";
    drawn_ = picture.size();
    std::fwrite(all.data(), 1, all.size(), stdout);
    std::fflush(stdout);
}

std::string screen::render(const line& what) const {
    std::string text;
    std::size_t room = in_place_ ? columns_ - 1 : SIZE_MAX;
    for (const stroke& each : what) {
        std::string part = each.text;
        room -= clip(part, room);
        const bool is_coloured = coloured_ && each.colour != tone::normal;
        text += is_coloured ? sequence_of(each.colour) + part + "\x1b[0m" : part;
    }
    return text;
}

}  // namespace mqtt_as::demo
