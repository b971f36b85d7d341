// What an engine is told at construction: behaviour, limits, memory. Everything is borrowed views; a host's
// `config` owns the strings.
#pragma once

#include "mqtt_as/properties.hpp"
#include "mqtt_as/types.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace mqtt_as {

namespace wire {
struct protocol;
extern const protocol v3_1_1;
extern const protocol v5;
}  // namespace wire

/// Where an engine's memory comes from. Blocks are aligned for any type. Not thread-safe by itself: only
/// the engine's calls use it.
class memory_source {
public:
    /// nullptr when exhausted: the operation that needed it is rejected with out_of_memory.
    virtual void* allocate(std::size_t size) noexcept = 0;
    /// `size` is what `allocate` was asked for.
    virtual void deallocate(void* block, std::size_t size) noexcept = 0;

protected:
    ~memory_source() = default;
};

/// Hard limits. Nothing grows past them, in an outage or otherwise.
struct limits {
    std::uint32_t operations_max = 10'000;       ///< accepted and not yet finished; on hosts, `subscriptions_max`
                                                 ///< places above it are for SUBSCRIBE and UNSUBSCRIBE alone
    std::size_t payload_bytes_max = 64u << 20;   ///< of unfinished operations; one larger payload alone is accepted
    std::uint32_t subscriptions_max = 1'000;     ///< wanted filters
    std::uint16_t inbound_max = 1'000;           ///< messages given out and not yet acknowledged by the application
    std::uint16_t inbound_qos2_max = 65'535;     ///< qos 2 identifiers between PUBLISH and PUBREL
    std::uint16_t outbound_qos2_max = 20;        ///< hosts, MQTT 3.1.1: qos 2 messages between PUBLISH and PUBCOMP,
                                                 ///< more wait. Mosquitto takes 20 (max_inflight_messages): of more it
                                                 ///< acknowledges some and loses them. With MQTT 5 the server says it,
                                                 ///< up to 127, which is the most in either version (boards: 15)
    std::size_t packet_bytes_max = 268'435'460;  ///< largest packet received (and sent)
    std::size_t batch_bytes_max = 128u << 10;    ///< small packets copied together into one write
    std::size_t gather_from = 8'192;             ///< payloads from this size on are sent by reference

    friend constexpr bool operator==(const limits&, const limits&) = default;
};

/// What becomes of an unfinished qos 2 publish when the server has lost the session.
enum class qos2_policy : std::uint8_t {
    republish,  ///< sent again as new: never lost, may be duplicated (reported as such)
    report,     ///< ended as session_lost, may have been delivered
};

/// What to do when the server refuses us for a reason that retrying cannot cure (credentials, client
/// identifier, version, banned).
enum class refusal_policy : std::uint8_t {
    retry_at_cap,      ///< go on at the back-off's cap, reporting each time
    give_up,           ///< stop with `gave_up`
    give_up_at_first,  ///< `give_up` while no server has accepted us since `start`, `retry_at_cap` from then on
};

struct backoff_config {
    duration first_step{1'000};   ///< a wait is uniform in (0, step]
    duration steady_for{30'000};  ///< the step stays at `first_step` for this long into an outage, then doubles
    duration cap{30'000};
    duration stable_after{20'000};  ///< a connection that held this long resets the outage

    friend constexpr bool operator==(const backoff_config&, const backoff_config&) = default;
};
/// For many devices behind one broker: grows from the start, up to two minutes.
inline constexpr backoff_config fleet_backoff{duration{1'000}, duration{0}, duration{120'000}, duration{20'000}};

struct engine_will {
    std::string_view topic{};
    bytes payload{};
    std::uint8_t qos = 0;
    bool retain = false;
    std::uint32_t delay_interval = 0;                               ///< seconds; MQTT 5
    const publish_properties* properties = &no_publish_properties;  ///< MQTT 5
};

/// Views are borrowed for the engine's life.
struct engine_config {
    const wire::protocol* protocol = nullptr;  ///< &wire::v3_1_1 or &wire::v5
    std::string_view client_id;                ///< may be empty only with a clean session
    std::optional<std::string_view> user{};
    std::optional<std::string_view> password{};
    std::optional<engine_will> will{};
    std::uint16_t keepalive = 60;  ///< seconds
    duration ping_interval{0};     ///< 0: keepalive / 4; only shortens
    duration response_time{10'000};
    std::uint32_t max_repubs = 4;
    bool clean_init = true;
    bool clean = true;
    std::uint32_t session_expiry = 0xFFFF'FFFF;  ///< seconds; sent in MQTT 5 when the session is kept
    std::uint16_t receive_maximum = 65'535;      ///< MQTT 5: sent in CONNECT
    connect_properties properties{};             ///< MQTT 5
    backoff_config backoff;
    qos2_policy qos2_on_lost_session = qos2_policy::republish;
    refusal_policy on_refusal = refusal_policy::retry_at_cap;
    std::uint8_t endpoints = 1;  ///< `open` commands name one of these in turn
};

/// errc::ok, or why an engine cannot be made of this. Fronts explain in words.
errc check(const engine_config&, const limits&) noexcept;

}  // namespace mqtt_as
