// The engine: everything an MQTT client decides, as a state machine without sockets, clock, threads or callbacks.
//
// Inputs are `on_*`, requests are verbs, outputs are `poll_*`. A front is one pump:
//
//   on each turn:  give the engine what happened (on_opened, on_bytes, on_sent, on_closed, on_time);
//                  after EACH call take what it has to tell (poll_done, then poll_event);
//                  once per turn, when the read is drained: perform commands (poll_command), write
//                  (poll_transmit -> on_sent), arm one timer at deadline().
#pragma once

#include "mqtt_as/engine_config.hpp"
#include "mqtt_as/message.hpp"
#include "mqtt_as/properties.hpp"
#include "mqtt_as/types.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace mqtt_as {

// ---- what the application asks ----------------------------------------------------------------

/// How far into connecting, or `online`. Fronts announce resolve, connect and tls by `on_stage`.
enum class stage : std::uint8_t { idle, link, resolve, connect, tls, mqtt, online };

struct publish_request {
    std::string_view topic{};
    bytes payload{};
    std::uint8_t qos = 0;
    bool retain = false;
    bool payload_stays = false;  ///< the caller keeps `payload` alive until the operation is finished:
                                 ///< bodies of limits::gather_from bytes or more are not copied
    duration timeout{0};         ///< 0: none. When it passes, the wait ends (see `cancel`)
    const publish_properties& properties = no_publish_properties;  ///< copied
    void* owner = nullptr;                                         ///< whatever the caller wants to find in the report
};

struct subscription {
    std::string_view filter{};
    std::uint8_t qos = 0;
    bool no_local = false;             ///< MQTT 5
    bool retain_as_published = false;  ///< MQTT 5
    std::uint8_t retain_handling = 0;  ///< MQTT 5: 0, 1, 2
    duration timeout{0};
    subscribe_properties properties{};  ///< MQTT 5; user properties go out with the first request only
    void* owner = nullptr;
};

/// UNSUBSCRIBE has a filter and user properties; what else there is is not looked at.
using unsubscription = subscription;

/// `error` != ok: rejected, nothing was created.
struct submitted {
    op_id id;
    errc error = errc::ok;
};

enum class cancel_scope : std::uint8_t {
    if_untouched,  ///< only when nothing of it was given to a transport (Asio's "total")
    end_wait,      ///< ends the wait in any case; the packet may still arrive, and is sent again once at most
};
enum class cancel_result : std::uint8_t { cancelled, not_cancelled };

// ---- what the engine answers ------------------------------------------------------------------

/// The one report of an operation. When its packet was not done by then, a second one tells when it is.
struct op_done {
    op_id id{};
    void* owner = nullptr;  ///< of the request, unless `disown` has taken it away; nullptr in a second report
    errc error = errc::ok;
    reason_code reason{};                  ///< of the acknowledgement; granted qos for SUBSCRIBE
    bool may_have_been_delivered = false;  ///< when error != ok: bytes of it were given to a transport
    bool may_be_duplicated = false;        ///< qos 2 published again after a lost session
    bool finished = false;                 ///< the packet is done too; when false, another report follows
    bool reported_before = false;          ///< this is the other report: nothing but `finished` is new
    bool kept_payload = false;             ///< `payload_stays` was made use of: once `finished`, it is free again
    property_view properties{};            ///< of the acknowledgement; valid until the next call of on_bytes
};

/// CONNACK accepted us. Wanted subscriptions may still be under renewal: see `renewed`.
struct connected {
    bool session_present = false;
    bool first = false;          ///< the first of this `start`
    property_view properties{};  ///< of CONNACK; valid until the next call of on_bytes
};

/// After `connected`: every wanted subscription that the server had lost has been asked for again and answered.
struct renewed {};

/// A wanted subscription was refused at renewal. It stays wanted.
struct renewal_refused {
    std::string_view filter;  ///< valid until the next call of the engine
    reason_code reason{};
};

/// Why a connection, or an attempt at one, ended.
struct ending {
    bool was_online = false;
    errc error{};
    stage at{};                  ///< where it ended
    violation why{};             ///< with protocol_violation
    reason_code reason{};        ///< with connection_refused, server_disconnected
    bool can_retry_help = true;  ///< false: the same attempt will fail the same way until someone changes something
    int transport_error = 0;     ///< with transport errors: the front's own number (errno on hosts)
};

/// A connection, or an attempt at one, ended.
struct disconnected : ending {
    property_view properties{};  ///< of CONNACK or DISCONNECT; valid until the next call of on_bytes
};

/// The next attempt comes after `for_duration`.
struct waiting {
    std::uint32_t attempt = 0;  ///< attempts that failed in this outage
    duration for_duration{};
};

/// The engine stopped by itself: the first attempt failed (without `retry`), or `refusal_policy` says so. As after
/// `stop`: what was not finished was reported as stopped, and requests are rejected as not_started until `start`.
struct gave_up {
    disconnected last;
};

/// `stop` has completed; nothing more will happen until `start`.
struct stopped {};

/// What the connection has to tell.
using event = std::variant<connected, renewed, renewal_refused, disconnected, waiting, gave_up, stopped>;

/// Open a transport to endpoint number `endpoint` (the front reports on_stage..., then on_opened or
/// on_closed), or close the connection of that epoch (answered by on_closed; abandoning an attempt that is
/// not open yet is answered by on_closed, too).
struct command {
    enum class kind : std::uint8_t { open, close } what;
    mqtt_as::epoch epoch;
    std::uint8_t endpoint = 0;
};

/// Why `on_bytes` stopped.
struct taken {
    enum class why : std::uint8_t {
        packet,     ///< a packet was processed, or some bare acknowledgements: take events, call again with the rest
        need_more,  ///< all was taken; give more when it comes
        busy,       ///< the inbox is full: keep the rest, stop reading until `wants_bytes()`
        closed,     ///< the connection is over; drop the rest
    } reason;
    std::uint32_t size = 0;             ///< bytes taken from the front of the input
    const message* received = nullptr;  ///< the packet, if it was a message; valid, as are its views, until the next
                                        ///< on_bytes (boards: the message itself until the next poll_done)

    taken(why r, std::size_t s = 0, const message* m = nullptr)
        : reason(r), size(static_cast<std::uint32_t>(s)), received(m) {}
};

/// Where the client stands. Everything `explain()` says comes from here.
struct status {
    enum class phase : std::uint8_t { stopped, waiting, opening, handshake, online, draining, closing } now_in{};
    /// What is longer ago is told as so long ago, 11.5 days: the clock wraps.
    static constexpr duration longest_ago{1'000'000'000};
    time_point since;  ///< of this phase
    stage at{};
    bool link_up = true;
    time_point link_since;  ///< when the link was last said to have come or gone
    std::uint8_t endpoint = 0;
    std::uint32_t attempt = 0;                 ///< attempts in this outage, the running one included
    std::optional<time_point> outage_since{};  ///< since when we are not online although started
    std::optional<time_point> next_attempt{};  ///< while waiting
    std::optional<disconnected> last_error{};  ///< without its `properties`; kept until the next one
    std::uint32_t queued = 0;                  ///< operations not yet given to a transport on this connection
    std::uint32_t in_flight = 0;               ///< operations that await an acknowledgement
    std::uint32_t unfinished = 0;              ///< all operations, abandoned ones included
    std::size_t payload_bytes = 0;             ///< of unfinished operations
    std::uint32_t inbox = 0;                   ///< messages given out and not acknowledged
    std::uint32_t subscriptions = 0;           ///< wanted filters
};

struct counters {
    std::uint32_t connections = 0;     ///< CONNACKs that accepted us
    std::uint32_t outages = 0;         ///< connections lost although wanted
    std::uint32_t republications = 0;  ///< same identifier, on a live connection: REPUB_COUNT
    std::uint32_t resent = 0;          ///< PUBLISH and PUBREL repeated after a reconnection
    std::uint32_t unknown_acknowledgements = 0;
    std::uint32_t duplicates_dropped = 0;  ///< inbound qos 2 repeats not delivered again
};

class engine {
public:
    /// `check(config, limits)` must be ok; both are borrowed for the engine's life. `seed` decides jitter and the first
    /// packet identifier: hosts give real entropy.
    engine(const engine_config& config, const limits& limits, memory_source& memory, std::uint64_t seed);
    ~engine();
    /// False when `memory` had no room for the engine itself: nothing else may then be called.
    bool ok() const;
    /// What the engine's own state takes of that, buffers excluded [bytes].
    static std::size_t state_size();
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;

    // ---- the application asks -----------------------------------------------------------------

    /// Begins to connect. With `retry`, a failing first attempt is an outage like any other; without, it
    /// ends in `gave_up`. already_started unless stopped.
    errc start(time_point now, bool retry);

    /// Waits up to `grace` for what is on the wire, sends DISCONNECT, closes, reports every remaining
    /// operation as stopped, then `stopped`. During the grace nothing new is accepted or staged.
    void stop(time_point now, duration grace);

    /// As `stop`, at once and without DISCONNECT (the server publishes the will). Afterwards all requests
    /// are rejected with closed, for good.
    void close(time_point now);

    submitted publish(time_point now, const publish_request&);
    submitted subscribe(time_point now, const subscription&);
    submitted unsubscribe(time_point now, const unsubscription&);
    /// Not found, or already reported: not_cancelled. The report (cancelled) comes as an event.
    cancel_result cancel(time_point now, op_id id, cancel_scope scope);
    /// Ends the oldest qos 0 publish that was not yet given to a transport as dropped. False when there is none.
    bool drop_oldest_qos0(time_point now);
    /// The report of this operation will have no owner.
    void disown(op_id id);
    void acknowledge(time_point now, acknowledge_id id);
    /// Instead: nobody will. No acknowledgement goes out, and when the server repeats it, it is given out again.
    void forget(acknowledge_id id);
    /// Asks for a PINGREQ now (broker_up). False when not online.
    bool ping(time_point now);

    // ---- the world tells ----------------------------------------------------------------------

    /// The way to the server went or came. Advice: while it is down a connection is held and attempts go on at back-off
    /// pace. Up, also when it was up already (another route; the machine has slept): ends a back-off wait and restarts
    /// an attempt that has had no answer; a connection is asked for a sign of life, and replaced by a new one when none
    /// comes within a few round trips.
    void on_link(time_point now, bool up);
    /// There is a way to the server, but the connection's own address is gone: it is replaced at once.
    void on_address_lost(time_point now, epoch e);
    /// The attempt reached this stage (resolve, connect, tls): its limit of inactivity begins anew.
    void on_stage(time_point now, epoch e, stage s);
    void on_opened(time_point now, epoch e);
    /// `error`: resolve_failed, connect_failed, tls_failed, connection_closed... ; partial writes must have
    /// been reported by on_sent before. `transport_error` is the front's number for it, 0 for an orderly end.
    /// `can_retry_help`: false when the front knows that the same attempt will fail the same way.
    void on_closed(time_point now, epoch e, errc error, int transport_error, bool can_retry_help = true);
    /// Processes at most one packet, or several acknowledgements in a row that say nothing but their packet
    /// identifier. An incomplete packet is assembled in the engine's memory.
    taken on_bytes(time_point now, epoch e, bytes in);
    /// The transport has taken `size` more bytes of the batch.
    void on_sent(time_point now, epoch e, std::size_t size);
    /// The peer's TCP goes on acknowledging what it was sent: a sign of life, and a reason to wait longer for answers.
    /// What counts as that is said by `upload_watch`: the kernel of a dead server acknowledges a ping, too.
    void on_peer_progress(time_point now, epoch e);
    /// Call at or after deadline(), when everything readable has been given to on_bytes.
    void on_time(time_point now);

    // ---- take from the engine -----------------------------------------------------------------

    std::optional<command> poll_command();
    /// The next batch, or the rest of one that was taken in part; 0 while nothing is to be sent. Bytes stay
    /// put until all of them are reported by on_sent, or on_closed.
    std::size_t poll_transmit(time_point now, std::span<bytes> gather);
    /// Bytes of the batch. Before poll_transmit they are those of messages that went straight into it: a front may send
    /// them before it has told all that it has to tell, while they are in the caches.
    std::size_t staged() const;
    /// The next operation that has something to report; nullptr when none has. Valid until the next call.
    const op_done* poll_done();
    /// What the connection has to tell, when no operation has anything more to report.
    std::optional<event> poll_event();
    /// When to call on_time; empty while nothing is due.
    std::optional<time_point> deadline() const;
    /// False while the inbox is full: stop reading. Also false when there is no connection.
    bool wants_bytes() const;

    bool is_online() const;
    /// `look().now_in` alone: the rest counts all operations.
    status::phase phase() const;
    status look() const;
    /// Operations accepted and not finished: what limits::operations_max bounds.
    std::uint32_t unfinished() const;
    counters count() const;
    /// When bytes were last received on this connection.
    time_point last_received() const;

    /// Asserts every invariant; for tests.
    void check() const;

private:
    struct state;
    state* state_;
};

}  // namespace mqtt_as
