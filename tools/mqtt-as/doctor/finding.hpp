// What the doctor finds, stage by stage, on the way from here to the broker and beyond.
#pragma once

#include "tools/mqtt-as/wait.hpp"

#include <array>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as::cli::doctor {

enum class step : std::uint8_t {
    link,        ///< an interface, an address and a route towards the broker
    name,        ///< the broker's name has addresses
    tcp,         ///< one of them accepts connections
    tls,         ///< the connection is secure, the certificates are those that are trusted
    mqtt,        ///< CONNACK: the broker accepts us
    round_trip,  ///< a message to our own subscription comes back
    session,     ///< the broker keeps what is for us while we are away
    wan,         ///< the world beyond the broker is reached
};
inline constexpr std::array all_steps = {step::link, step::name,       step::tcp,     step::tls,
                                         step::mqtt, step::round_trip, step::session, step::wan};

/// "link", "name"... as options, JSON and the last line have it.
std::string_view name_of(step);
/// The exit status that says that this stage failed: 10 for the link, and so on. They never change.
constexpr int status_of(step at) { return 10 + static_cast<int>(at); }

enum class outcome : std::uint8_t { works, fails, not_needed, not_tried };

struct finding {
    step at;
    outcome how = outcome::not_tried;
    std::optional<span> took{};
    std::string says{};                 ///< what works, or why it does not, in one line
    std::vector<std::string> notes{};   ///< what else is worth knowing
    std::vector<std::string> advice{};  ///< what to do about it
    boost::json::object facts{};        ///< for programs
};

/// The stages as they were found, and what follows from them.
struct diagnosis {
    std::vector<finding> findings;

    /// The first that failed.
    const finding* failure() const;
    int exit_status() const;
    /// "tcp: connection refused".
    std::string last_line() const;
};

/// "0.3 ms", "12 ms", "1.2 s".
std::string text_of(span);

}  // namespace mqtt_as::cli::doctor
