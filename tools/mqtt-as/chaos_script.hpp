// What `mqtt-as chaos` does and when: written as lines that it prints and reads, or drawn from a seed.
//
//     at 10 stall 8                stall for 8 s, 10 s after the beginning
//     at 25.5 corrupt publish 77   one bit of the next PUBLISH, counted from its first one
//     at 30 delay 0.2 5 client=me  0.2 s each way for 5 s, for the client of this identifier
#pragma once

#include "mqtt_as/testing/faults.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as::cli {

enum class fault_kind : std::uint8_t {
    stall,      ///< nothing passes, for a time; then everything does, late
    drop,       ///< nothing passes, for a time; then the connection is reset, as by a box that forgot it
    reset,      ///< RST
    close,      ///< FIN
    refuse,     ///< nobody listens, for a time
    delay,      ///< each way, for a time
    bandwidth,  ///< so many bytes per second each way, for a time
    cut,        ///< half of the next such packet passes, then RST
    corrupt,    ///< a bit of the next such packet is inverted
    withhold,   ///< such packets wait, for a time
};

/// One fault. What its kind has no use for stays at its default.
struct fault {
    std::chrono::milliseconds at{0};
    fault_kind what = fault_kind::reset;
    std::chrono::milliseconds lasts{0};
    std::chrono::milliseconds delay{0};
    std::size_t bytes_per_second = 0;
    std::string_view packet{};  ///< its word in a script
    std::size_t bit = 0;
    std::string client{};  ///< empty: all

    /// The line of a script that says the same.
    std::string text() const;
    /// The packets it is about: `cut`, `corrupt` and `withhold`.
    chaos::rule rule() const;
    friend bool operator==(const fault&, const fault&) = default;
};

/// All names of faults, in words for --help and errors.
std::string fault_names();
/// Of everything, or of what TLS leaves.
std::set<fault_kind> all_faults(bool has_tls);
bool is_about_packets(fault_kind);
/// Throws usage_error.
fault_kind fault_named(std::string_view name);

/// Reads a script; empty lines and what follows a # say nothing. Ordered by time. Throws usage_error with the number
/// of the line and how to write it.
std::vector<fault> read_script(std::istream& from, const std::string& name);

/// Faults of these kinds one after the other, with pauses of `pause` on average between them: the same from the same
/// seed, on every machine.
class random_faults {
public:
    random_faults(std::uint64_t seed, std::set<fault_kind> kinds, std::chrono::milliseconds pause);
    fault next();

private:
    std::uint64_t draw();
    std::chrono::milliseconds between(std::chrono::milliseconds low, std::chrono::milliseconds high);

    std::uint64_t state_;
    std::vector<fault_kind> kinds_;
    std::chrono::milliseconds pause_;
    std::chrono::milliseconds time_{0};  // when the last one has ended
};

}  // namespace mqtt_as::cli
