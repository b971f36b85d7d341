// What a run of the bench has found: figures, each with the subject, the quantity, and whose it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// How much is measured.
enum class extent : std::uint8_t {
    steady,  // what does not depend on the machine's mood: instructions and allocations
    quick,   // and the time of each row in three rounds
    full     // and all else, in five rounds
};

struct figure {
    std::string subject;   // a row, or what else was measured
    std::string quantity;  // with its unit
    std::string who;       // `limit`, `Asio floor`, a way to use our client, or a peer
    double value;
};
using figures = std::vector<figure>;

// Whose figures there are in the table of rows.
inline constexpr std::string_view limit = "limit";
inline constexpr std::string_view floor_of_asio = "Asio floor";
inline constexpr std::string_view ours_v311 = "MQTT 3.1.1";
inline constexpr std::string_view ours_v5 = "MQTT 5";
inline constexpr std::string_view coroutines = "coroutines";  // MQTT 3.1.1, too
inline constexpr std::string_view mosquitto = "libmosquitto";
inline constexpr std::string_view paho_c = "Paho C";
inline constexpr std::string_view paho_cpp = "Paho C++";
inline constexpr std::string_view peers[] = {mosquitto, paho_c, paho_cpp};

// Quantities that the rows have.
inline constexpr std::string_view cpu_ns = "CPU ns";  // per message, of the whole process: median
inline constexpr std::string_view p50_ns = "p50 ns";  // of a round trip: median of the medians
inline constexpr std::string_view per_s = "messages/s";
inline constexpr std::string_view instructions = "instructions";  // per message, by callgrind
inline constexpr std::string_view allocations = "allocations";    // per message
inline constexpr std::string_view system_calls = "system calls";  // per message
inline constexpr std::string_view over_floor = "time / floor";

inline std::optional<double> find(const figures& all, std::string_view subject, std::string_view quantity,
                                  std::string_view who) {
    for (const figure& f : all) {
        if (f.subject == subject && f.quantity == quantity && f.who == who) return f.value;
    }
    return std::nullopt;
}

}  // namespace bench
