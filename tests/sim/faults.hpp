// What can go wrong: every kind of fault, by name, and how often each one really happened.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace mqtt_as::sim {

enum class fault : std::uint8_t {
    // the network
    resolve_failed,
    refused,
    unreachable,
    tls_failed,
    slow_tls,
    mute,
    fin,
    rst,
    cut_upstream,
    cut_downstream,
    half_open_8s,
    half_open_25s,
    half_open_for_ever,
    link_flap,
    slow_link,
    partial_write,
    split_read,
    old_epoch,
    // the broker as a process
    broker_restart,
    broker_down_3s,
    broker_down_20s,
    session_lost,
    session_expired,
    // the broker's packets
    withhold_puback,
    withhold_puback_5,
    late_puback,
    withhold_pubrec,
    withhold_pubcomp,
    withhold_suback,
    withhold_pingresp,
    duplicate_acknowledgement,
    unknown_acknowledgement,
    wrong_acknowledgement,
    reordered_acknowledgement,
    refused_connack,
    late_connack,
    refused_suback,
    failing_puback,
    failing_pubrec,
    false_session_present,
    malformed_packet,
    server_disconnect,
    session_taken_over,
    small_receive_maximum,
    small_packet_maximum,
    server_keep_alive,
    repeated_publish,
    too_large_for_client,
    // what the broker does as it was asked
    own_message,
    no_local,
    retained_message,
    shared_away,
    // the application
    slow_application,
    throwing_application,
    cancel,
    deadline_passed,
    stop_and_start,
    restart,
    crash,
    sleeping_front,
    suspend,
    full_queue,
};
inline constexpr std::size_t fault_kinds = static_cast<std::size_t>(fault::full_queue) + 1;

inline constexpr std::array<const char*, fault_kinds> fault_names = {
    "resolve failed",
    "refused",
    "unreachable",
    "TLS failed",
    "slow TLS",
    "mute",
    "FIN",
    "RST",
    "cut upstream",
    "cut downstream",
    "half-open 8 s",
    "half-open 25 s",
    "half-open for ever",
    "link flap",
    "slow link",
    "partial write",
    "split read",
    "input of an old epoch",
    "broker restarted",
    "broker down 3 s",
    "broker down 20 s",
    "session lost",
    "session expired",
    "PUBACK withheld",
    "PUBACK withheld 5 times",
    "PUBACK 12 s late",
    "PUBREC withheld",
    "PUBCOMP withheld",
    "SUBACK withheld",
    "PINGRESP withheld",
    "duplicate acknowledgement",
    "unknown acknowledgement",
    "wrong acknowledgement",
    "reordered acknowledgements",
    "CONNACK refuses",
    "CONNACK late",
    "SUBACK refuses",
    "PUBACK fails",
    "PUBREC fails",
    "false session present",
    "malformed packet",
    "server disconnects",
    "session taken over",
    "small receive maximum",
    "small packet maximum",
    "server keep alive",
    "PUBLISH repeated",
    "too large for the client",
    "own message comes back",
    "no local keeps it away",
    "retained message",
    "shared, went to another",
    "slow application",
    "throwing application",
    "cancel",
    "deadline passed",
    "stop and start",
    "restart, nothing in flight",
    "process killed",
    "sleeping front",
    "suspended",
    "full queue",
};

/// How often each fault took effect, each event was reported, each phase followed another.
struct tally {
    std::array<std::uint64_t, fault_kinds> faults{};
    std::array<std::uint64_t, 10> events{};                     // by the index in `any_event`
    std::array<std::array<std::uint64_t, 7>, 7> transitions{};  // by mqtt_as::status::phase, from and to
    std::array<std::uint64_t, 64> errors{};                     // of op_done and disconnected, by errc
    std::uint64_t outages = 0;                                  // connections that were online and ended unasked
    std::array<std::uint64_t, 3> sent{};                        // publishes reported ok, by qos
    std::array<std::uint64_t, 3> received{};                    // messages given to the application, by qos

    void happened(fault f) { ++faults[static_cast<std::size_t>(f)]; }
    std::uint64_t messages() const { return sent[0] + sent[1] + sent[2] + received[0] + received[1] + received[2]; }
    void add(const tally& other) {
        for (std::size_t i = 0; i < faults.size(); ++i) faults[i] += other.faults[i];
        for (std::size_t i = 0; i < events.size(); ++i) events[i] += other.events[i];
        for (std::size_t i = 0; i < errors.size(); ++i) errors[i] += other.errors[i];
        outages += other.outages;
        for (std::size_t i = 0; i < 3; ++i) sent[i] += other.sent[i];
        for (std::size_t i = 0; i < 3; ++i) received[i] += other.received[i];
        for (std::size_t i = 0; i < 7; ++i)
            for (std::size_t k = 0; k < 7; ++k) transitions[i][k] += other.transitions[i][k];
    }
};

/// Ways to make the world lie, so that it can be shown that the oracle notices.
enum class sabotage : std::uint8_t {
    none,
    swallow_publish,    // the broker acknowledges a PUBLISH and forgets it
    duplicate_qos2,     // the broker delivers a qos 2 message twice
    lose_inbound,       // the broker drops a message it owed the client
    reorder,            // the broker delivers two messages of one topic in the wrong order
    double_report,      // the application hears of one operation twice
    lost_report,        // the application never hears of one operation
    early_acknowledge,  // a message is acknowledged that the application still holds
    wrong_options,      // the broker keeps other subscription options than it was asked for
    leak,               // one block of memory is never given back
    no_recovery,        // the broker stays mute after the world was healed
    busy_loop,          // the timer fires again and again at one moment
    chance,             // two runs of one seed differ
};
struct sabotage_name {
    sabotage what;
    const char* name;
};
inline constexpr sabotage_name sabotages[] = {
    {sabotage::swallow_publish, "swallow-publish"},
    {sabotage::duplicate_qos2, "duplicate-qos2"},
    {sabotage::lose_inbound, "lose-inbound"},
    {sabotage::reorder, "reorder"},
    {sabotage::double_report, "double-report"},
    {sabotage::lost_report, "lost-report"},
    {sabotage::early_acknowledge, "early-acknowledge"},
    {sabotage::wrong_options, "wrong-options"},
    {sabotage::leak, "leak"},
    {sabotage::no_recovery, "no-recovery"},
    {sabotage::busy_loop, "busy-loop"},
    {sabotage::chance, "chance"},
};

}  // namespace mqtt_as::sim
