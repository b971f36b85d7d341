// Deadlines of operations: a binary heap, so that ten thousand of them cost nothing until one passes.
#pragma once

#include "src/engine/memory.hpp"
#include "src/engine/operations.hpp"

namespace mqtt_as {

class timers {
public:
    explicit timers(pool& memory) : heap_(memory) {}

    bool empty() const { return size_ == 0; }
    operation& first() const { return *heap_[0]; }

    /// False without memory.
    bool add(operation& op, time_point deadline) {
        if (!heap_.reserve(size_ + 1)) return false;
        op.deadline = deadline;
        up(size_++, &op);
        return true;
    }
    void remove(operation& op) {
        if (op.has_deadline()) take_out(op);
    }

private:
    void take_out(operation& op) {
        const std::uint32_t hole = op.heap_place;
        op.heap_place = UINT32_MAX;
        operation* last = heap_[--size_];
        if (last == &op) return;
        if (hole != 0 && last->deadline < heap_[(hole - 1) / 2]->deadline) return up(hole, last);
        down(hole, last);
    }
    void put(std::uint32_t place, operation* op) {
        heap_[place] = op;
        op->heap_place = place;
    }
    void up(std::uint32_t hole, operation* op) {
        for (; hole != 0; hole = (hole - 1) / 2) {
            operation* parent = heap_[(hole - 1) / 2];
            if (!(op->deadline < parent->deadline)) break;
            put(hole, parent);
        }
        put(hole, op);
    }
    void down(std::uint32_t hole, operation* op) {
        for (std::uint32_t child; (child = 2 * hole + 1) < size_; hole = child) {
            if (child + 1 < size_ && heap_[child + 1]->deadline < heap_[child]->deadline) ++child;
            if (!(heap_[child]->deadline < op->deadline)) break;
            put(hole, heap_[child]);
        }
        put(hole, op);
    }

    growing<operation*> heap_;
    std::uint32_t size_ = 0;
};

}  // namespace mqtt_as
