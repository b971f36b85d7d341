// All operations: their blocks, names, packet identifiers and places, and the reports that wait to be taken.
#pragma once

#include "src/engine/operation.hpp"
#include "src/engine/operation_index.hpp"

#include <cassert>
#include <new>

namespace mqtt_as {

/// Owns all operations: their blocks, names, packet identifiers and places, and the events that wait to be taken.
class operations {
public:
    using place = operation::place;
    using size_type = profile::size_type;

    /// `begin`, `size`: of the memory that a board has for all parts.
    operations(memory_source& source, void* begin, std::size_t size, const limits& limits);
    ~operations();

    /// A new operation with room for `packet_size` bytes, behind those that wait to be sent; nullptr without memory.
    /// `internal`: a renewal, for which nobody waits and which `unfinished` does not count.
    operation* create(operation::kind what, std::uint32_t packet_size, bool internal);
    operation* find(op_id id);

    // In one place, in order; nullptr where there is none. On hosts each place has a list of its own. On boards, where
    // operations are few, all are in one list, and those that are elsewhere are passed over.
    operation* front(place p) const { return behind(end_of(p), p); }
    operation* back(place p) const;
    operation* after(const operation& op) const { return behind(op, op.now_in); }
    bool empty(place p) const { return profile::is_board ? front(p) == nullptr : end_of(p).next == &end_of(p); }
    std::uint32_t count(place p) const {
        std::uint32_t n = 0;
        for (const operation* op = front(p); op != nullptr; op = after(*op)) ++n;
        return n;
    }

    /// Moves `op` behind all others there. The rest of `op` stays. On boards it stays where it is in the list, whose
    /// order is the one in which they were first sent, behind those that wait for it.
    void move(operation& op, place to) {
        if constexpr (profile::is_board) {
            op.now_in = to;
        } else {
            leave(op);
            enter(op, to);
        }
    }
    void move_front(operation& op, place to) {
        leave(op);
        insert(op, to, end_of(to));
    }
    /// To where `come_last` has put it among the others there.
    void move_by_order(operation& op, place to) {
        if constexpr (profile::is_board)
            op.now_in = to;
        else
            move_by_number(op, to);
    }
    /// What is repeated after a lost connection comes in the order of these calls.
    void come_last(operation& op) {
        if constexpr (profile::is_board)
            move_back(op);
        else
            op.order = next_order_ = next_order_ + 1u;
    }

    /// After a restart the server may still hold an identifier that was used before: on hosts the first one comes from
    /// the seed.
    void begin_packet_ids(random_source& random) { index_.begin_packet_ids(random); }
    /// Binds an unused packet identifier; false when there is no memory or none is free.
    bool bind_packet_id(operation& op);
    void release_packet_id(operation& op);
    operation* by_packet_id(std::uint16_t packet_id) const;

    /// The one report. Later ones are ignored.
    void report(operation& op, errc error, reason_code reason);
    /// Undoes `create`: nobody hears of it.
    void discard(operation& op);
    /// The packet is done: gives its identifier back. Freed when the caller has been told.
    void finish(operation& op);
    void report_and_finish(operation& op, errc error, reason_code reason) {
        report(op, error, reason);
        finish(op);
    }

    /// The next report, made in `room`; nullptr when there is none. `properties`: of the packet received
    /// last.
    const op_done* take_report(op_done& room, const property_view& properties);

    template <class F>
    void for_each(F&& f) {
        for (list_node& end : ends_) {
            for (list_node* at = end.next; at != &end;) {
                auto& op = static_cast<operation&>(*at);
                at = at->next;
                f(op);
            }
        }
    }

    /// In each place from the back, so that what returns to the front of another one keeps its order.
    template <class F>
    void for_each_backwards(F&& f) {
        for (list_node& end : ends_) {
            for (list_node* at = end.prev; at != &end;) {
                auto& op = static_cast<operation&>(*at);
                at = at->prev;
                f(op);
            }
        }
    }
    /// Whatever may have awaited its answer for longest: on hosts the first of both lists, on boards all of them.
    template <class F>
    void for_each_longest(F&& f) {
        if constexpr (profile::is_board) {
            for_each([&f](operation& op) {
                if (op.now_in == place::awaiting || op.now_in == place::awaiting_sub) f(op);
            });
        } else {
            for (const place where : {place::awaiting, place::awaiting_sub}) {
                if (operation* op = front(where)) f(*op);
            }
        }
    }

    pool memory;               // of the other parts, too
    size_type unfinished = 0;  // all but internal ones
    profile::byte_count payload_bytes = 0;

    void check() const;

private:
    static void leave(operation& op) {
        op.prev->next = op.next;
        op.next->prev = op.prev;
    }
    void insert(operation& op, place to, list_node& behind) {
        op.now_in = to;
        op.prev = &behind;
        op.next = behind.next;
        behind.next->prev = &op;
        behind.next = &op;
    }
    void enter(operation& op, place to) { insert(op, to, *end_of(to).prev); }
    list_node& end_of(place p) { return ends_[profile::is_board ? 0 : static_cast<std::size_t>(p)]; }
    const list_node& end_of(place p) const { return const_cast<operations*>(this)->end_of(p); }
    operation* behind(const list_node& node, place p) const {
        list_node* at = node.next;
        if constexpr (profile::is_board) {
            while (at != &end_of(p) && static_cast<operation*>(at)->now_in != p) at = at->next;
        }
        return at == &end_of(p) ? nullptr : static_cast<operation*>(at);
    }
    void push_event(operation& op);
    /// The first one that waits to be taken, which it does no longer; nullptr when there is none.
    operation* pop_event();
    void move_by_number(operation& op, place to);
    void move_back(operation& op) {
        leave(op);
        enter(op, op.now_in);
    }
    /// Its name and its block, when it is in no list.
    void forget(operation& op);

    list_node ends_[profile::is_board ? 1 : operation::places];  // before the first and behind the last
    operation* last_event_ = nullptr;                            // behind it the first one follows
    [[no_unique_address]] operation_index index_;
    [[no_unique_address]] profile::host_number next_order_ = 0;
    size_type generation_ = 0;
};

// ---- what happens to every message, inline ------------------------------------------------------------------

inline void operations::release_packet_id(operation& op) {
    index_.unbind(op);
    op.packet_id = 0;
}

inline void operations::report(operation& op, errc error, reason_code reason) {
    if (op.reported) return;
    op.reported = true;
    op.error = error;
    op.reason = reason;
    if (!op.internal) push_event(op);
}

inline void operations::finish(operation& op) {
    assert(op.reported);
    if (op.internal || !profile::is_board) leave(op);  // on hosts its event alone will know of it
    release_packet_id(op);
    payload_bytes = static_cast<profile::byte_count>(payload_bytes - op.counted_bytes());
    if (op.internal) return forget(op);
    --unfinished;
    op.now_in = place::finished;
    if (op.in_events) return;  // the one report still waits, and will say this, too
    op.reported_before = true;
    op.owner = nullptr;
    push_event(op);
}

inline void operations::push_event(operation& op) {
    assert(!op.in_events);
    op.in_events = true;
    op.next_event = last_event_ != nullptr ? std::exchange(last_event_->next_event, &op) : &op;
    last_event_ = &op;
}

inline operation* operations::pop_event() {
    if (last_event_ == nullptr) return nullptr;
    operation* const first = last_event_->next_event;
    if (first == last_event_)
        last_event_ = nullptr;
    else
        last_event_->next_event = first->next_event;
    first->in_events = false;
    return first;
}

inline operation* operations::create(operation::kind what, std::uint32_t packet_size, bool internal) {
    std::uint32_t slot = 0;
    if (!index_.find_free_slot(ends_[0], slot)) return nullptr;
    void* block = memory.take(sizeof(operation) + packet_size);
    if (block == nullptr) return nullptr;
    auto* op = new (block) operation;
    op->what = what;
    op->packet_size = static_cast<size_type>(packet_size);
    op->internal = internal;
    op->slot = static_cast<size_type>(slot);
    op->generation = ++generation_;
    index_.name(*op);
    if (!internal) ++unfinished;
    enter(*op, op->is_publish() ? place::queued : place::control);
    return op;
}

inline operation* operations::by_packet_id(std::uint16_t packet_id) const {
    return index_.by_packet_id(ends_[0], packet_id);
}

inline bool operations::bind_packet_id(operation& op) {
    op.packet_id = index_.bind(ends_[0], op);
    return op.packet_id != 0;
}

inline const op_done* operations::take_report(op_done& room, const property_view& properties) {
    operation* const op = pop_event();
    if (op == nullptr) return nullptr;
    op_done& out = room;
    out.id = op->id();
    out.owner = op->owner;
    out.error = op->error;
    out.reason = op->reason;
    out.may_have_been_delivered = op->touched && op->error != errc::ok;
    out.may_be_duplicated = op->may_be_duplicated;
    out.finished = op->is_finished();
    out.reported_before = op->reported_before;
    out.kept_payload = op->has_body();
    out.properties = op->answered ? properties : property_view();
    if (out.finished) {
        if constexpr (profile::is_board) leave(*op);
        forget(*op);
    }
    return &out;
}

inline void operations::forget(operation& op) {
    index_.forget(op);
    memory.give(&op, op.block_size());
}

}  // namespace mqtt_as
