// Direct publishes: messages of qos 0 that went straight into the batch, so that no operation is made of them.
//
// Theory of operation. A message of qos 0 that has nothing before it and no deadline is encoded where the transport
// will take it from, mostly in the same turn. All that is left of it is a few words: whom to tell, and where it ends.
// Whoever wants to look closer (a cancel, a lost connection, a stop) has them turned into operations first: nothing but
// their cost tells them apart from those that went the long way.
#pragma once

#include "mqtt_as/engine.hpp"
#include "src/engine/memory.hpp"
#include "src/engine/operations.hpp"

namespace mqtt_as {

struct direct_publish {
    void* owner = nullptr;
    profile::size_type number = 0;  // its name
    profile::size_type end = 0;     // in the batch
    profile::size_type size = 0;    // of the packet
    profile::size_type payload_size = 0;
    errc error = errc::ok;  // how it ended

    op_id id() const { return {direct_name_index, number}; }
};

class direct_publishes {
public:
    direct_publishes(pool& memory, const limits& limits) : ring_(memory, limits.operations_max) {}

    /// Not reported yet.
    std::uint32_t size() const { return ring_.size(); }
    /// Not taken by the transport yet.
    std::uint32_t pending() const { return ring_.size() - done_; }
    std::size_t payload_bytes() const { return payload_bytes_; }

    /// False without memory.
    bool add(direct_publish d) {
        d.number = next_number_;
        if (!ring_.push(d)) return false;
        ++next_number_;
        payload_bytes_ += d.payload_size;
        return true;
    }
    op_id last_id() const { return {direct_name_index, next_number_ - 1u}; }

    /// The transport has taken the batch up to `sent`.
    void on_sent(std::uint32_t sent) {
        for (; done_ < ring_.size() && ring_[done_].end <= sent; ++done_) payload_bytes_ -= ring_[done_].payload_size;
    }
    /// False when there is none of this name.
    bool disown(op_id id) {
        for (std::uint32_t i = 0; i < ring_.size(); ++i) {
            if (ring_[i].id() != id) continue;
            ring_[i].owner = nullptr;
            return true;
        }
        return false;
    }
    /// Valid until the next call.
    const op_done* take_report() {
        if (done_ == 0) return nullptr;
        const direct_publish& d = ring_.front();
        report_.id = d.id();
        report_.owner = d.owner;
        report_.error = d.error;
        report_.may_have_been_delivered = d.error != errc::ok;
        ring_.pop();
        --done_;
        return &report_;
    }
    /// Makes `turn` an operation of each that is pending, the last one first. Where it says false there was no memory:
    /// those before end with that.
    template <class Turn>
    void turn_into_operations(Turn&& turn) {
        for (; pending() != 0 && turn(ring_.back()); ring_.pop_back()) payload_bytes_ -= ring_.back().payload_size;
        for (; pending() != 0; ++done_) {
            ring_[done_].error = errc::out_of_memory;
            payload_bytes_ -= ring_[done_].payload_size;
        }
    }

private:
    ring<direct_publish> ring_;
    std::uint32_t done_ = 0;  // taken by the transport: these come first
    profile::size_type next_number_ = 0;
    std::size_t payload_bytes_ = 0;  // of those that are pending
    op_done report_{.finished = true};
};

/// Boards send everything the long way.
class no_direct_publishes {
public:
    no_direct_publishes(pool&, const limits&) {}
    static constexpr std::uint32_t size() { return 0; }
    static constexpr std::uint32_t pending() { return 0; }
    static constexpr std::size_t payload_bytes() { return 0; }
    static constexpr bool add(const direct_publish&) { return false; }
    static constexpr op_id last_id() { return {}; }
    template <class Turn>
    static void turn_into_operations(Turn&&) {}
    static void on_sent(std::uint32_t) {}
    static constexpr bool disown(op_id) { return false; }
    static constexpr const op_done* take_report() { return nullptr; }
};

}  // namespace mqtt_as
