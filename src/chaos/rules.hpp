// The rules about packets, and what they come to: shared by the proxy on real sockets and the network in virtual time.
#pragma once

#include "mqtt_as/testing/faults.hpp"
#include "src/chaos/frames.hpp"

#include <chrono>
#include <compare>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_as::chaos {

/// Whether a fault for `wanted` is one for this client: an empty name means all.
inline bool names(std::string_view wanted, std::string_view client) { return wanted.empty() || wanted == client; }

enum class ending { none, finish, reset };

/// What becomes of a packet.
struct effect {
    std::string passes{};  ///< on its own way; may be nothing
    std::string answer{};  ///< to whom sent it
    bool is_withheld = false;
    std::optional<std::chrono::milliseconds> late{};
    bool drops_rest = false;  ///< of a large packet, whose beginning this is
    ending then = ending::none;
};
effect effect_of(const rule&, const frame&);

/// Whether such a packet ever goes there.
bool goes(packet_type, toward);
std::string_view name_of(packet_type);
/// Why the rule could not do what it says, and what to do about that; empty when it could.
std::string fault_in(const rule&);

/// What a network was told to do, and what it has counted.
class rule_book {
public:
    struct entry {
        rule what;
        unsigned seen = 0;  ///< packets that matched
        unsigned applied = 0;
        std::vector<std::function<void()>> withheld;  ///< each lets one packet pass
    };

    std::size_t add(const rule& what);
    /// Throws std::out_of_range when `add` has returned no such number.
    entry& at(std::size_t id);
    void remove(std::size_t id) { at(id).what.times = 0; }
    void release(std::size_t id);
    /// The rule that decides about this packet, counted as applied; nullptr when it passes, which is counted, too.
    entry* match(toward to, const frame& packet, std::string_view client);

    void set_path(std::string_view client, const path& how) { paths_[std::string(client)] = how; }
    path path_of(std::string_view client) const;
    /// Nothing passes of this client, until it is healed.
    void stall(std::string_view client, silence how) { stalled_.emplace_back(client, how); }
    /// Of a new connection of this client: whether it is mute or stalled, and how.
    std::optional<silence> silence_of(std::string_view client) const;
    /// Ends what is mute or stalled.
    void heal(std::string_view client);

    /// Packets of this type that passed. An empty client counts all.
    std::size_t passed(toward to, packet_type type, std::string_view client) const;

private:
    struct kind {
        toward to;
        packet_type type;
        std::string client;
        friend auto operator<=>(const kind&, const kind&) = default;
    };

    std::deque<entry> entries_;
    std::map<std::string, path, std::less<>> paths_;
    std::vector<std::pair<std::string, silence>> stalled_;  // clients of `stall`; an empty name: all
    std::map<kind, std::size_t> passed_;
};

}  // namespace mqtt_as::chaos
