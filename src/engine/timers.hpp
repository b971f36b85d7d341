// Deadlines of operations: on hosts a binary heap, so that ten thousand of them cost nothing until one passes; on
// boards a look at each operation.
#pragma once

#include "src/engine/memory.hpp"
#include "src/engine/operations.hpp"

namespace mqtt_as {

class deadline_heap {
public:
    deadline_heap(pool& memory, const limits& limits) : heap_(memory, limits.operations_max) {}

    /// Whatever may have the earliest deadline: on hosts that one, on boards all that have one.
    template <class F>
    void for_each_earliest(const operations&, F&& f) const {
        if (size_ != 0) f(*heap_[0]);
    }

    /// False without memory.
    bool add(operation& op, time_point deadline) {
        if (!heap_.reserve(size_ + 1)) return false;
        op.deadline = deadline;
        op.has_deadline = true;
        up(size_++, &op);
        return true;
    }
    void remove(operation& op) {
        if (op.has_deadline) take_out(op);
    }

private:
    void take_out(operation& op) {
        const std::uint32_t hole = op.heap_place;
        op.has_deadline = false;
        operation* last = heap_[--size_];
        if (last == &op) return;
        if (hole != 0 && last->deadline < heap_[(hole - 1) / 2]->deadline) return up(hole, last);
        down(hole, last);
    }
    void put(std::uint32_t place, operation* op) {
        heap_[place] = op;
        op->heap_place = static_cast<profile::size_type>(place);
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

    growing_array<operation*> heap_;
    std::uint32_t size_ = 0;
};

class deadline_scan {
public:
    deadline_scan(pool&, const limits&) {}

    template <class F>
    void for_each_earliest(operations& ops, F&& f) const {
        ops.for_each([&f](operation& op) {
            if (op.has_deadline) f(op);
        });
    }
    bool add(operation& op, time_point deadline) {
        op.deadline = deadline;
        op.has_deadline = true;
        return true;
    }
    void remove(operation& op) { op.has_deadline = false; }
};

using timers = std::conditional_t<profile::is_board, deadline_scan, deadline_heap>;

}  // namespace mqtt_as
