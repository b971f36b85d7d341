// Standard output: a picture that is redrawn in place on a terminal, plain lines anywhere else.
#pragma once

#include "tools/terminal/ink.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace mqtt_as::terminal {

class display {
public:
    /// Looks at standard output and the environment (TERM, NO_COLOR, the locale).
    display();
    /// Gives the terminal back as it was.
    ~display();
    display(const display&) = delete;
    display& operator=(const display&) = delete;

    /// Whether a picture of so many lines can be redrawn in place.
    bool can_redraw(std::size_t lines);
    /// Draws over the picture that was drawn last.
    void redraw(const std::vector<line>& picture);
    /// Writes a line that stays.
    void print(const line& what);
    /// As many characters as fit into a line of a picture.
    std::size_t columns() const { return columns_; }
    const glyphs& signs() const { return glyphs_; }

private:
    std::string render(const line& what, std::size_t room) const;
    void look_at_size();

    bool is_screen_ = false;
    bool coloured_ = false;
    std::size_t columns_ = 80;
    std::size_t rows_ = 24;
    std::size_t drawn_ = 0;  ///< lines of the picture that is on the screen
    const glyphs& glyphs_;
};

}  // namespace mqtt_as::terminal
