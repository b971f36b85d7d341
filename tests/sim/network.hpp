// The simulated network: byte streams between one client and the broker, and everything that befalls them.
//
// Theory of operation. Each connection has two pipes of segments with the moment each is due. A silent connection keeps
// its segments until the silence ends, as TCP would by repeating them; for ever, when a box on the way has
// forgotten the connection. A cut ends it after an exact number of bytes. The client side is level-triggered: `wake`
// says that something may have changed, and the front looks at notices, readable bytes and room for writing.
#pragma once

#include "mqtt_as/engine.hpp"
#include "tests/sim/broker.hpp"
#include "tests/sim/faults.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>

namespace mqtt_as::sim {

inline constexpr moment never = UINT64_MAX;

struct network_options {
    std::uint64_t latency_ms = 1;  // one way
    std::uint64_t jitter_ms = 0;
    std::uint64_t resolve_ms = 0;
    std::uint64_t tls_ms = 0;              // a handshake of TLS takes this long; 0: there is none
    std::uint64_t bytes_per_ms = 0;        // upstream; 0: no limit
    std::size_t send_buffer = 256u << 10;  // bytes taken from the client and not yet at the broker
    unsigned split_percent = 0;            // reads and writes cut at random places
};

/// What the client's transport reports.
struct notice {
    enum class kind : std::uint8_t { stage, opened, closed } what;
    epoch e = 0;
    stage at{};
    errc error{};
    int transport_error = 0;
};

class network {
public:
    network(schedule&, random_source, tally&, broker&, network_options);

    // ---- the client's side --------------------------------------------------------------------
    std::function<void()> wake;
    void open(epoch);
    /// What was written still goes out; then the broker sees the end. Answered by a closed notice.
    void close(epoch);
    std::optional<notice> poll_notice();
    /// How many bytes of `gather` were taken.
    std::size_t write(epoch, std::span<const bytes> gather);
    bool has_room(epoch) const;
    bytes readable(epoch) const;
    void consume(epoch, std::size_t);
    /// Bytes that the peer's TCP has acknowledged.
    std::uint64_t acknowledged_bytes(epoch) const;

    // ---- faults -------------------------------------------------------------------------------
    void set_link(bool up);
    bool is_link_up() const { return link_up_; }
    void refuse(bool on) { refusing_ = on; }
    void fail_resolving(bool on) { resolve_fails_ = on; }
    void fail_tls(bool on) { tls_fails_ = on; }
    void slow_tls(std::uint64_t ms) { slow_tls_ms_ = ms; }
    void lose_everything_new(bool on) { unreachable_ = on; }
    void silence_for(std::uint64_t ms);  // the current connection; `never` for ever
    /// A middlebox acknowledges what the client sends on the current connection, and delivers nothing.
    void swallow();
    void cut_upstream_after(std::uint64_t n);
    void cut_downstream_after(std::uint64_t n);
    void reset_current();
    void fin_current();
    /// The process is gone: its kernel ends the connection, after what was written or at once.
    void abandon_current(bool at_once);
    void set_options(const network_options& o) { options_ = o; }
    void set_rate(std::uint64_t bytes_per_ms) { options_.bytes_per_ms = bytes_per_ms; }
    bool has_connection() const { return current_of(current_) != nullptr; }
    epoch current() const { return current_; }
    /// The client has asked for its end: it must not write any more.
    bool was_closed(epoch) const;
    std::uint64_t written(epoch) const;
    std::uint64_t delivered(epoch) const;  // bytes of the broker
    /// No fault of the network is in force on this connection.
    bool is_healthy(epoch) const;

private:
    struct segment {
        moment due = 0;
        byte_string data;
        bool end = false;  // FIN, or RST with `reset`
        bool reset = false;
    };
    struct pipe {
        std::deque<segment> segments;
        moment last_due = 0;
        bool is_scheduled = false;
        std::size_t pending = 0;  // bytes in `segments`
        std::uint64_t carried = 0;
        std::optional<std::uint64_t> cut_after;  // bytes still to pass
    };
    struct connection {
        enum class state : std::uint8_t { opening, open, closed } client = state::opening;
        bool broker_has_it = false;
        bool is_swallowed = false;
        bool was_closed = false;  // by the client
        pipe up;
        pipe down;
        byte_string inbox;  // arrived and not read
        std::size_t inbox_used = 0;
        bool fin_arrived = false;
        std::uint64_t written = 0;
        moment silent_until = 0;
        unsigned attempts = 0;  // SYN packets sent
    };

    void connect(epoch);
    void try_to_open(epoch);
    void secure(epoch);
    void establish(epoch, connection&);
    void forget_old();
    /// nullptr when it is forgotten.
    connection* find(epoch);
    void queue(epoch, bool up, byte_string data, bool end = false, bool reset = false);
    void kick(epoch, bool up);
    void carry(epoch, bool up);
    void arrive(epoch, connection&, bool up, segment);
    void break_off(epoch, connection&, bool reset);
    void report_closed(epoch, errc, int transport_error);
    const connection* current_of(epoch) const;
    connection* current_of(epoch e) { return const_cast<connection*>(std::as_const(*this).current_of(e)); }

    schedule& time_;
    random_source random_;
    tally& tally_;
    broker& broker_;
    network_options options_;
    std::map<epoch, connection> connections_;
    std::deque<notice> notices_;
    epoch current_ = 0;
    bool link_up_ = true;
    bool refusing_ = false;
    bool resolve_fails_ = false;
    bool unreachable_ = false;
    bool tls_fails_ = false;
    std::uint64_t slow_tls_ms_ = 0;
};

}  // namespace mqtt_as::sim
