// Operations: names, packet identifiers, and what happens rarely.
#include "src/engine/operations.hpp"

namespace mqtt_as {

operations::operations(memory_source& source, void* begin, std::size_t size, const limits& limits)
    : memory(source, begin, size), index_(memory, limits) {
    for (list_node& end : ends_) end.next = end.prev = &end;
}

operations::~operations() {
    if constexpr (profile::is_board) return;  // the block goes back whole
    while (operation* const op = pop_event()) {
        if (op->is_finished()) forget(*op);
    }
    for (list_node& end : ends_) {
        while (end.next != &end) {
            auto& op = static_cast<operation&>(*end.next);
            leave(op);
            forget(op);
        }
    }
}

operation* operations::find(op_id id) {
    operation* const op = index_.by_slot(ends_[0], id.index);
    return op != nullptr && op->id() == id ? op : nullptr;
}

operation* operations::back(place p) const {
    list_node* at = end_of(p).prev;
    if constexpr (profile::is_board) {
        while (at != &end_of(p) && static_cast<operation*>(at)->now_in != p) at = at->prev;
    }
    return at == &end_of(p) ? nullptr : static_cast<operation*>(at);
}

void operations::move_by_number(operation& op, place to) {
    leave(op);
    list_node* behind = &end_of(to);
    // Behind the last one that is not later.
    for (list_node* at = behind->prev; at != &end_of(to); at = at->prev) {
        if (static_cast<std::int32_t>(static_cast<operation*>(at)->order - op.order) <= 0) {
            behind = at;
            break;
        }
    }
    insert(op, to, *behind);
}

bool operation_tables::add_slot() {
    if (!slots_.reserve(slot_count_ + 1)) return false;
    slots_[slot_count_] = {nullptr, first_free_};
    first_free_ = slot_count_++;
    return true;
}

/// At most half full, so that a free place is near; the last doubling makes room for every identifier.
bool operation_tables::grow_packet_ids() {
    auto& table = by_packet_id_;
    const std::size_t capacity = table.capacity();
    if (capacity >= 65'536) return true;
    if (!table.reserve(capacity + 1)) return false;
    const std::size_t grown = table.capacity();
    for (std::size_t i = capacity; i < grown; ++i) table[i] = nullptr;
    for (std::size_t i = 0; i < capacity; ++i) {
        operation* moved = table[i];
        const std::size_t place = moved != nullptr ? moved->packet_id & (grown - 1) : i;
        if (place != i) {
            table[place] = moved;
            table[i] = nullptr;
        }
    }
    return true;
}

void operations::discard(operation& op) {
    payload_bytes = static_cast<profile::byte_count>(payload_bytes - op.counted_bytes());
    assert(!op.internal);  // those have no deadline, and nobody to be told
    --unfinished;
    leave(op);
    forget(op);
}

void operations::check() const {
    std::uint32_t found = 0;
    for (std::size_t i = 0; i < operation::places; ++i) {
        const auto where = static_cast<place>(i);
        for (const operation* op = front(where); op != nullptr; op = after(*op)) {
            assert(op->next->prev == op);
            assert(op->now_in == where);
            assert(op->packet_id == 0 || by_packet_id(op->packet_id) == op);
            found += where != place::finished && !op->internal;
        }
    }
    assert(found == unfinished);
    (void)found;
}

}  // namespace mqtt_as
