// What the demonstration shows, as lines of coloured text: a picture of one moment.
#pragma once

#include "mqtt_as/asio/client.hpp"
#include "tools/terminal/ink.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_as::demo {

using milliseconds = std::chrono::milliseconds;
using terminal::glyphs;
using terminal::line;

// ---- what is shown ----------------------------------------------------------------------------

struct outage {
    enum class state : std::uint8_t { coming, unnoticed, noticed, over, failed };
    std::string kind;
    std::string who;
    state now = state::coming;
    milliseconds lasting{0};                  ///< since the fault, while it is going on
    std::optional<milliseconds> detected{};   ///< from the fault to the change of state
    std::optional<milliseconds> recovered{};  ///< from the path working again to the next delivery end to end
};

/// One second of the past.
struct second {
    std::array<bool, 2> was_up{};  ///< publisher, subscriber: at some moment of it
    std::array<bool, 2> was_down{};
    std::size_t delivered = 0;
};

struct scene {
    std::string now;                      ///< what is being done to them, in a sentence
    std::array<explanation, 2> stations;  ///< publisher, subscriber
    std::size_t published = 0;
    std::size_t acknowledged = 0;
    std::size_t delivered = 0;
    std::size_t duplicates = 0;
    std::vector<second> past;
    std::vector<outage> outages;
};

inline constexpr std::array<const char*, 2> station_names = {"publisher", "subscriber"};

// ---- how it looks -----------------------------------------------------------------------------

/// The whole picture; always the same number of lines for the same number of outages.
std::vector<line> draw(const scene&, const glyphs&);
/// The table of outages alone.
std::vector<line> draw_outages(const std::vector<outage>&, const glyphs&);
/// All numbers in one line of text, for outputs that cannot be redrawn.
std::string one_line(const scene&);

}  // namespace mqtt_as::demo
