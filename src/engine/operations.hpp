// Operations: every publish, subscribe and unsubscribe from submission to the end, in one place.
//
// Theory of operation. An operation is one block of memory: this header, then the encoded packet. It is in exactly
// one list at a time, and the list is its state:
//
//   state            list              who moves it on                   a lost connection
//   queued           queued, control   the outbox, when there is quota   stays
//   resend           resend            the outbox, before all others     stays
//   staged           batch             on_sent                           qos 0: queued; publish: resend; else control
//   awaiting         awaiting(_sub)    the acknowledgement               publish: resend; else control
//   release_due      release_due       the outbox (PUBREL)               stays
//   release_staged   batch             on_sent                           release_due
//   releasing        releasing         PUBCOMP                           release_due
//   joined           joined            the operation it has joined       stays
//   finished         none              the front, by taking the event    -
//
// When the session turns out to be lost (CONNACK), resend and release_due become queued again, ahead of all else.
// `touched` is for ever: bytes of it may have reached the server. `reported` and `finished` are two facts: the
// caller knows, and the packet is done. An operation reported but not finished is abandoned: it lives on silently.
#pragma once

#include "mqtt_as/engine.hpp"
#include "src/engine/memory.hpp"
#include "src/wire/packets.hpp"

#include <cassert>
#include <new>

namespace mqtt_as {

struct wanted;

/// A place in a circular list, which it can leave without knowing which list it is.
struct list_node {
    list_node* next = nullptr;
    list_node* prev = nullptr;
};

struct operation : list_node {
    enum class kind : std::uint8_t { publish, subscribe, unsubscribe };
    enum class state : std::uint8_t {
        queued,
        resend,
        staged,
        awaiting,
        release_due,
        release_staged,
        releasing,
        joined,
        finished
    };

    op_done done;                        // what is reported; until then what is known of it
    operation* next_event = nullptr;     // of those that wait to be taken
    const std::uint8_t* body = nullptr;  // a payload kept by the caller; nullptr when it is part of the packet
    operation* joined_to = nullptr;      // joined: the SUBSCRIBE whose answer is awaited
    wanted* filter = nullptr;            // subscribe: the wanted filter it carries; nullptr once superseded
    std::uint32_t body_size = 0;         // of `body`
    std::uint32_t payload_size = 0;      // counted in payload_bytes
    std::uint32_t packet_size = 0;       // bytes behind this header
    std::uint32_t packet_id_offset = 0;
    std::uint32_t batch_end = 0;            // staged: where it ends in the batch
    std::uint32_t slot = 0;                 // in the table of operations
    std::uint32_t order = 0;                // first-sent order (PUBREC order once released); wraps
    std::uint32_t heap_place = UINT32_MAX;  // in the heap of deadlines
    time_point deadline;
    time_point sent_at;
    std::uint32_t repubs = 0;       // on this connection
    std::uint16_t packet_id = 0;    // 0: none bound
    std::uint16_t filter_size = 0;  // subscribe, unsubscribe: the filter's
    kind what = kind::publish;
    state now_in = state::queued;
    std::uint8_t qos = 0;
    wire::packet_type early_type{};  // with answered_early
    reason_code early_reason{};
    bool retain = false;
    bool touched = false;   // given to a transport at least once
    bool reported = false;  // the caller knows, or `done` waits to be taken
    bool in_events = false;
    bool internal = false;        // a renewal: nobody waits for it
    bool renewal = false;         // `renewed` waits for it
    bool counted = false;         // uses one of the server's receive maximum
    bool release_sent = false;    // PUBREL was staged at least once
    bool answered_early = false;  // acknowledged before the transport reported the last byte

    std::uint8_t* packet() { return reinterpret_cast<std::uint8_t*>(this + 1); }
    /// Into the hole that was left for it.
    void write_packet_id() {
        packet()[packet_id_offset] = static_cast<std::uint8_t>(packet_id >> 8);
        packet()[packet_id_offset + 1] = static_cast<std::uint8_t>(packet_id);
    }
    std::size_t block_size() const { return sizeof(operation) + packet_size; }
    bool has_deadline() const { return heap_place != UINT32_MAX; }
    std::uint32_t wire_size() const { return packet_size + body_size; }
};

/// An intrusive list in order; being in one is an operation's state.
class operation_list {
public:
    operation_list() { end_.next = end_.prev = &end_; }
    operation_list(const operation_list&) = delete;
    operation_list& operator=(const operation_list&) = delete;

    class iterator {
    public:
        explicit iterator(list_node* at) : at_(at) {}
        operation& operator*() const { return static_cast<operation&>(*at_); }
        iterator& operator++() {
            at_ = at_->next;
            return *this;
        }
        /// Steps on first, so that the operation may leave the list.
        iterator operator++(int) { return iterator(std::exchange(at_, at_->next)); }
        friend bool operator==(iterator, iterator) = default;

    private:
        list_node* at_;
    };
    iterator begin() const { return iterator(end_.next); }
    iterator end() const { return iterator(const_cast<list_node*>(&end_)); }

    bool empty() const { return end_.next == &end_; }
    /// nullptr when empty.
    operation* front() const { return empty() ? nullptr : static_cast<operation*>(end_.next); }
    operation* back() const { return empty() ? nullptr : static_cast<operation*>(end_.prev); }
    /// Counts them.
    std::uint32_t size() const {
        std::uint32_t n = 0;
        for (const list_node* at = end_.next; at != &end_; at = at->next) ++n;
        return n;
    }

    void push_back(operation& op) { insert(op, *end_.prev); }
    void push_front(operation& op) { insert(op, end_); }
    /// Behind the last one that is not later than `op`.
    void insert_by_order(operation& op);

    static void remove(operation& op) {
        op.prev->next = op.next;
        op.next->prev = op.prev;
    }

private:
    static void insert(operation& op, list_node& behind) {
        op.prev = &behind;
        op.next = behind.next;
        behind.next->prev = &op;
        behind.next = &op;
    }

    list_node end_;  // before the first and behind the last
};

/// Owns all operations: their blocks, names, packet identifiers and lists, and the events that wait to be taken.
class operations {
public:
    operations(pool& memory, std::uint16_t first_packet_id)
        : pool_(memory), slots_(memory), by_packet_id_(memory), last_packet_id_(first_packet_id) {}
    ~operations();

    /// A new operation with room for `packet_size` bytes, in no list yet; nullptr without memory.
    /// `internal`: a renewal, for which nobody waits and which `unfinished` does not count.
    operation* create(operation::kind what, std::uint32_t packet_size, bool internal);
    operation* find(op_id id) const;

    /// Moves `op` to the list that belongs to `to`. The rest of `op` stays.
    void move(operation& op, operation::state to) {
        operation_list::remove(op);
        enter(op, to);
    }
    void move_front(operation& op, operation::state to);
    void enter(operation& op, operation::state to) {
        op.now_in = to;
        list_for(op.what, to).push_back(op);
    }
    void enter_front(operation& op, operation::state to);
    /// Into `resend` or `release_due` by `order`: nearly always at the end.
    void move_by_order(operation& op, operation::state to);

    /// Binds an unused packet identifier; false when there is no memory or none is free.
    bool bind_packet_id(operation& op);
    void release_packet_id(operation& op);
    operation* by_packet_id(std::uint16_t packet_id) const;

    /// The one report. Later ones are ignored.
    void report(operation& op, errc error, reason_code reason);
    /// Undoes `create`: nobody hears of an operation that is in no list yet.
    void discard(operation& op);
    /// The packet is done: leaves its list and gives its identifier back. Freed when the caller has been told.
    void finish(operation& op);
    void report_and_finish(operation& op, errc error, reason_code reason) {
        report(op, error, reason);
        finish(op);
    }

    /// Takes the next report. It stays where it is until the next call.
    const op_done* take_report();

    operation_list queued, control, resend, batch, awaiting, awaiting_sub, release_due, releasing, joined;
    std::uint32_t unfinished = 0;  // all but internal ones
    std::uint32_t renewals = 0;    // internal ones
    std::size_t payload_bytes = 0;

    template <class F>
    void for_each_list(F&& f) {
        for (auto* list :
             {&release_due, &releasing, &resend, &awaiting, &awaiting_sub, &batch, &control, &queued, &joined})
            f(*list);
    }
    void check() const;

private:
    struct slot {
        operation* op;
        std::uint32_t generation;
        std::uint32_t next_free;
    };
    /// Makes a free slot; false without memory.
    bool add_slot();
    [[gnu::noinline]] bool grow_packet_ids();
    operation_list& list_for(operation::kind what, operation::state s);
    void push_event(operation& op);
    void free(operation& op);

    pool& pool_;
    growing<slot> slots_;
    std::uint32_t slot_count_ = 0;
    std::uint32_t first_free_ = UINT32_MAX;
    // Indexed by the identifier's low bits. An identifier is taken only when its place is empty, so places never
    // collide, not even when the table grows.
    growing<operation*> by_packet_id_;
    std::uint32_t bound_ = 0;
    std::uint16_t last_packet_id_;
    operation* first_event_ = nullptr;
    operation* taken_ = nullptr;              // the report taken last, when its operation has come to its end
    operation** events_end_ = &first_event_;  // where the next one goes
};

// ---- what happens to every message, inline ------------------------------------------------------------------

inline operation* operations::create(operation::kind what, std::uint32_t packet_size, bool internal) {
    if (first_free_ == UINT32_MAX && !add_slot()) return nullptr;
    void* block = pool_.take(sizeof(operation) + packet_size);
    if (block == nullptr) return nullptr;
    slot& s = slots_[first_free_];
    auto* op = new (block) operation;
    op->what = what;
    op->packet_size = packet_size;
    op->internal = internal;
    op->slot = first_free_;
    op->done.id = {first_free_, ++s.generation};
    s.op = op;
    first_free_ = s.next_free;
    ++(internal ? renewals : unfinished);
    return op;
}

inline operation_list& operations::list_for(operation::kind what, operation::state s) {
    switch (s) {
    case operation::state::queued: return what == operation::kind::publish ? queued : control;
    case operation::state::resend: return resend;
    case operation::state::staged:
    case operation::state::release_staged: return batch;
    case operation::state::awaiting: return what == operation::kind::publish ? awaiting : awaiting_sub;
    case operation::state::release_due: return release_due;
    case operation::state::releasing: return releasing;
    case operation::state::joined: return joined;
    case operation::state::finished: break;
    }
    assert(false && "a finished operation is in no list");
    return joined;
}

inline operation* operations::by_packet_id(std::uint16_t packet_id) const {
    if (by_packet_id_.capacity() == 0) return nullptr;
    operation* op = by_packet_id_[packet_id & (by_packet_id_.capacity() - 1)];
    return op != nullptr && op->packet_id == packet_id ? op : nullptr;
}

inline bool operations::bind_packet_id(operation& op) {
    if (bound_ * 2 >= by_packet_id_.capacity() && !grow_packet_ids()) return false;
    const std::size_t mask = by_packet_id_.capacity() - 1;
    std::uint16_t id = last_packet_id_;
    do {
        ++id;
    } while (id == 0 || by_packet_id_[id & mask] != nullptr);
    last_packet_id_ = op.packet_id = id;
    by_packet_id_[id & mask] = &op;
    ++bound_;
    return true;
}

inline void operations::release_packet_id(operation& op) {
    if (op.packet_id == 0) return;
    by_packet_id_[op.packet_id & (by_packet_id_.capacity() - 1)] = nullptr;
    op.packet_id = 0;
    --bound_;
}

inline void operations::report(operation& op, errc error, reason_code reason) {
    if (op.reported) return;
    op.reported = true;
    op.done.error = error;
    op.done.reason = reason;
    op.done.may_have_been_delivered = error != errc::ok && op.touched;
    if (!op.internal) push_event(op);
}

inline void operations::finish(operation& op) {
    assert(op.reported);
    operation_list::remove(op);
    op.now_in = operation::state::finished;
    release_packet_id(op);
    payload_bytes -= op.payload_size;
    --(op.internal ? renewals : unfinished);
    if (op.internal) return free(op);
    op.done.finished = true;
    if (op.in_events) return;  // the one report still waits, and will say this, too
    op.done.reported_before = true;
    op.done.owner = nullptr;
    op.done.properties = {};
    push_event(op);
}

inline void operations::push_event(operation& op) {
    assert(!op.in_events);
    op.in_events = true;
    op.next_event = nullptr;
    *events_end_ = &op;
    events_end_ = &op.next_event;
}

inline const op_done* operations::take_report() {
    if (taken_ != nullptr) free(*std::exchange(taken_, nullptr));
    operation* const op = first_event_;
    if (op == nullptr) return nullptr;
    first_event_ = op->next_event;
    if (first_event_ == nullptr) events_end_ = &first_event_;
    op->in_events = false;
    if (op->done.finished) taken_ = op;
    return &op->done;
}

inline void operations::free(operation& op) {
    slot& s = slots_[op.slot];
    s.op = nullptr;
    s.next_free = first_free_;
    first_free_ = op.slot;
    pool_.give(&op, op.block_size());
}

}  // namespace mqtt_as
