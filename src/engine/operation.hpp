// An operation: a publish, subscribe or unsubscribe from submission to the end.
//
// Theory of operation. An operation is one block of memory: this header, then the encoded packet. It is in exactly
// one place at a time, and the place is its state:
//
//   place             who moves it on                   a lost connection
//   queued, control   the outbox, when there is quota   stays
//   joined            the operation it has joined       stays
//   resend            the outbox, before all others     stays
//   batch             on_sent                           as awaiting; qos 0: queued
//   awaiting          the acknowledgement               release_due when it is released, else resend
//   awaiting_sub      the acknowledgement               control
//   release_due       the outbox (PUBREL)               stays
//   finished          the front, by taking the event    -
//
// When the session turns out to be lost (CONNACK), resend and release_due become queued again, ahead of all else.
// `touched` is for ever: bytes of it may have reached the server. `reported` and finished are two facts: the
// caller knows, and the packet is done. An operation reported but not finished is abandoned: it lives on silently.
#pragma once

#include "mqtt_as/engine.hpp"
#include "src/engine/memory.hpp"
#include "src/wire/packets.hpp"

#include <cassert>
#include <new>

namespace mqtt_as {

struct wanted;

/// Of the names of all direct publishes (direct.hpp); others have small ones.
inline constexpr std::uint32_t direct_name_index = UINT32_MAX - 1;

/// A place in a circular list, which it can leave without knowing which list it is.
struct list_node {
    list_node* next;
    list_node* prev;
};

struct operation : list_node {
    enum class kind : std::uint8_t { publish, subscribe, unsubscribe };
    enum class place : std::uint8_t {
        queued,   // publishes that wait to be sent
        control,  // the others that do
        joined,
        resend,
        batch,
        awaiting,      // publishes, also when they are released
        awaiting_sub,  // the others
        release_due,
        finished
    };
    static constexpr std::size_t places = 9;
    using size_type = profile::size_type;

    // The small ones come first: a Cortex-M0+ reaches bytes below 32 in one instruction, and half words below 64.
    kind what = kind::publish;
    place now_in = place::queued;
    std::uint8_t qos = 0;
    errc error = errc::ok;  // reported: how it ended for the caller
    reason_code reason{};
    reason_code early_reason{};  // with answered_early
    bool retain : profile::flag_bits = false;
    bool touched : profile::flag_bits = false;          // given to a transport at least once
    bool reported : profile::flag_bits = false;         // the caller knows, or the report waits to be taken
    bool reported_before : profile::flag_bits = false;  // what waits is the other report
    bool in_events : profile::flag_bits = false;
    bool internal : profile::flag_bits = false;        // a renewal: nobody waits for it
    bool renewal : profile::flag_bits = false;         // `renewed` waits for it
    bool counted : profile::flag_bits = false;         // uses one of the server's receive maximum
    bool released : profile::flag_bits = false;        // PUBREC has come
    bool release_sent : profile::flag_bits = false;    // PUBREL was staged at least once
    bool answered : profile::flag_bits = false;        // the last packet received says how it ended
    bool answered_early : profile::flag_bits = false;  // acknowledged before the transport reported the last byte
    bool may_be_duplicated : profile::flag_bits = false;
    bool has_deadline : profile::flag_bits = false;
    bool is_direct : profile::flag_bits = false;  // was a direct publish and keeps its name
    std::uint16_t packet_id = 0;                  // 0: none bound
    size_type packet_size = 0;                    // bytes behind this header
    size_type packet_id_offset = 0;
    [[no_unique_address]] profile::host_number payload_size = 0;  // of a publish; boards count whole packets
    size_type batch_end = 0;                                      // in the batch: where it ends there
    [[no_unique_address]] profile::host_number order = 0;  // first-sent order (PUBREC order once released); wraps
    size_type repubs = 0;                                  // on this connection
    size_type generation = 0;
    size_type slot = 0;                                         // in the table of operations
    [[no_unique_address]] profile::host_number heap_place = 0;  // among the deadlines
    time_point sent_at;
    union {
        time_point deadline{};  // until it is reported
        operation* next_event;  // from then on: of those that wait to be taken
    };
    union {
        const std::uint8_t* body = nullptr;  // publish: a payload kept by the caller; nullptr when it is in the packet
        operation* joined_to;                // joined: the SUBSCRIBE whose answer is awaited
        wanted* filter;                      // subscribe: the wanted filter it carries; nullptr once superseded
    };
    void* owner = nullptr;

    bool is_publish() const { return what == kind::publish; }
    /// What the server will say next about it.
    wire::packet_type awaited_answer() const {
        switch (what) {
        case kind::subscribe: return wire::packet_type::suback;
        case kind::unsubscribe: return wire::packet_type::unsuback;
        case kind::publish: break;
        }
        if (qos == 1) return wire::packet_type::puback;
        return released ? wire::packet_type::pubcomp : wire::packet_type::pubrec;
    }
    bool is_finished() const { return now_in == place::finished; }
    op_id id() const {
        const bool has_direct_name = !profile::is_board && is_direct;
        return {has_direct_name ? direct_name_index : std::uint32_t{slot}, generation};
    }
    std::uint8_t* packet() { return reinterpret_cast<std::uint8_t*>(this + 1); }
    /// Into the hole that was left for it.
    void write_packet_id() {
        const std::uint16_t id = packet_id;  // the bytes written might be its own, for all that the compiler knows
        std::uint8_t* const to = packet() + packet_id_offset;
        to[0] = static_cast<std::uint8_t>(id >> 8);
        to[1] = static_cast<std::uint8_t>(id);
    }
    std::size_t block_size() const { return sizeof(operation) + packet_size; }
    bool has_body() const { return profile::makes_batches && is_publish() && body != nullptr; }
    /// In `operations::payload_bytes`.
    std::uint32_t counted_bytes() const {
        if constexpr (!profile::is_board) return payload_size;
        return is_publish() ? packet_size : 0u;
    }
    std::uint32_t wire_size() const { return packet_size + (has_body() ? std::uint32_t{payload_size} : 0u); }
};

}  // namespace mqtt_as
