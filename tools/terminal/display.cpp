// Escape sequences, and doing without them.
#include "tools/terminal/display.hpp"

#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <langinfo.h>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace mqtt_as::terminal {

namespace {

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

display::display() : glyphs_(speaks_unicode() ? unicode_glyphs : ascii_glyphs) {
    const char* const term = std::getenv("TERM");
    is_screen_ = ::isatty(STDOUT_FILENO) && term && std::string_view(term) != "dumb";
    if (!is_screen_) return;
    look_at_size();
    coloured_ = !std::getenv("NO_COLOR");
}

display::~display() {
    if (drawn_ > 0) std::fputs("\x1b[?25h", stdout);
    std::fflush(stdout);
}

void display::look_at_size() {
    winsize size{};
    const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0;
    rows_ = is_known ? size.ws_row : 0;
    columns_ = is_known ? size.ws_col - std::size_t{1} : 80;
}

bool display::can_redraw(std::size_t lines) {
    if (is_screen_) look_at_size();  // windows are resized
    return is_screen_ && lines < rows_;
}

void display::redraw(const std::vector<line>& picture) {
    // One write per picture, so that no half of it is ever seen. The cursor rests below it.
    std::string all = drawn_ > 0 ? "\x1b[" + std::to_string(drawn_) + "A" : "\x1b[?25l";
    for (const line& each : picture) all += "\r" + render(each, columns_) + "\x1b[K\n";
    all += "\x1b[J";  // a picture that was longer leaves nothing behind
    drawn_ = picture.size();
    std::fwrite(all.data(), 1, all.size(), stdout);
    std::fflush(stdout);
}

void display::print(const line& what) {
    std::puts(render(what, SIZE_MAX).c_str());
    std::fflush(stdout);
}

std::string display::render(const line& what, std::size_t room) const {
    std::string text;
    for (const stroke& each : what) {
        std::string part = each.text;
        room -= clip(part, room);
        const bool is_coloured = coloured_ && each.colour != tone::normal;
        text += is_coloured ? sequence_of(each.colour) + part + "\x1b[0m" : part;
    }
    return text;
}

}  // namespace mqtt_as::terminal
