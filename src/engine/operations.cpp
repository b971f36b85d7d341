// Operations: blocks, names, packet identifiers, and the one report of each.
#include "src/engine/operations.hpp"

#include <new>

namespace mqtt_as {

void operation_list::insert_by_order(operation& op) {
    list_node* behind = end_.prev;
    while (behind != &end_ && static_cast<std::int32_t>(static_cast<operation*>(behind)->order - op.order) > 0)
        behind = behind->prev;
    insert(op, *behind);
}

operations::~operations() {
    if (taken_ != nullptr) free(*taken_);
    for_each_list([this](operation_list& list) {
        while (operation* op = list.front()) {
            list.remove(*op);
            if (!op->in_events) free(*op);
        }
    });
    while (first_event_ != nullptr) {
        operation* op = first_event_;
        first_event_ = op->next_event;
        free(*op);
    }
}

bool operations::add_slot() {
    if (!slots_.reserve(slot_count_ + 1)) return false;
    slots_[slot_count_] = {nullptr, 0, first_free_};
    first_free_ = slot_count_++;
    return true;
}

operation* operations::find(op_id id) const {
    if (id.index >= slot_count_) return nullptr;
    operation* op = slots_[id.index].op;
    return op != nullptr && op->done.id == id ? op : nullptr;
}

void operations::enter_front(operation& op, operation::state to) {
    op.now_in = to;
    list_for(op.what, to).push_front(op);
}

void operations::move_front(operation& op, operation::state to) {
    operation_list::remove(op);
    enter_front(op, to);
}

void operations::move_by_order(operation& op, operation::state to) {
    operation_list::remove(op);
    op.now_in = to;
    list_for(op.what, to).insert_by_order(op);
}

/// At most half full, so that a free place is near; the last doubling makes room for every identifier.
bool operations::grow_packet_ids() {
    growing<operation*>& table = by_packet_id_;
    const std::size_t capacity = table.capacity();
    if (bound_ >= 65'535) return false;
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
    payload_bytes -= op.payload_size;
    --(op.internal ? renewals : unfinished);
    free(op);
}

void operations::check() const {
    std::uint32_t found = 0;
    const_cast<operations*>(this)->for_each_list([&](operation_list& list) {
        for ([[maybe_unused]] const operation& op : list) {
            assert(op.next->prev == &op);
            assert(op.now_in != operation::state::finished);
            assert(op.packet_id == 0 || by_packet_id(op.packet_id) == &op);
            assert(slots_[op.slot].op == &op);
        }
        found += list.size();
    });
    assert(found == unfinished + renewals);
    (void)found;
}

}  // namespace mqtt_as
