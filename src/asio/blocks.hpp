// The memory of waiting handlers: fixed blocks, recycled, never given back before the core ends, so that a pointer to
// one can be judged at any time by its ticket.
#pragma once

#include "mqtt_as/asio/waiter.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace mqtt_as::detail {

struct block {
    alignas(std::max_align_t) std::byte memory[waiter_block_size];
    std::atomic<std::uint64_t> ticket{0};  ///< names the present use for `cancel`; 0: cannot be cancelled
    block* next = nullptr;                 ///< in a list of free ones
    block* made_before = nullptr;          ///< whether free or not
    bool used = false;

    static block* of(void* memory) noexcept { return reinterpret_cast<block*>(memory); }
};

/// A stack of free blocks. Joining two takes constant time.
class block_list {
public:
    void push(block* b) noexcept {
        b->next = top_;
        if (top_ == nullptr) bottom_ = b;
        top_ = b;
    }
    block* pop() noexcept {
        block* b = top_;
        if (b != nullptr) top_ = b->next;
        return b;
    }
    void take_all(block_list& other) noexcept {
        if (other.top_ == nullptr) return;
        other.bottom_->next = top_;
        if (top_ == nullptr) bottom_ = other.bottom_;
        top_ = std::exchange(other.top_, nullptr);
    }

private:
    block* top_ = nullptr;
    block* bottom_ = nullptr;
};

/// Makes new blocks, and knows all that it has made: a client that only listens needs one.
class block_store {
public:
    block_store() = default;
    ~block_store() {
        while (newest_ != nullptr) delete std::exchange(newest_, newest_->made_before);
    }
    block_store(const block_store&) = delete;
    block_store& operator=(const block_store&) = delete;

    block* make() {
        auto* const made = new block;
        made->made_before = std::exchange(newest_, made);
        return made;
    }
    template <class F>
    void for_each_used(F f) {
        for (block* b = newest_; b != nullptr; b = b->made_before) {
            if (b->used) f(*b);
        }
    }

private:
    block* newest_ = nullptr;
};

/// A list of waiters, in order.
class waiter_list {
public:
    bool empty() const noexcept { return first_ == nullptr; }
    waiter* front() const noexcept { return first_; }
    void push(waiter* w) noexcept {
        w->next = nullptr;
        w->previous = last_;
        (last_ != nullptr ? last_->next : first_) = w;
        last_ = w;
    }
    void remove(waiter* w) noexcept {
        (w->previous != nullptr ? w->previous->next : first_) = w->next;
        (w->next != nullptr ? w->next->previous : last_) = w->previous;
    }
    waiter* pop() noexcept {
        waiter* w = first_;
        if (w == nullptr) return nullptr;
        first_ = w->next;
        (first_ != nullptr ? first_->previous : last_) = nullptr;
        return w;
    }

private:
    waiter* first_ = nullptr;
    waiter* last_ = nullptr;
};

/// Waiters that nobody looks for any more, in order. Every one passes through such a list: it is no more than is
/// needed.
class ready_waiters {
public:
    ready_waiters() = default;
    ready_waiters(const ready_waiters&) = delete;
    ready_waiters& operator=(const ready_waiters&) = delete;

    bool empty() const noexcept { return first_ == nullptr; }
    void push(waiter* w) noexcept {
        w->next = nullptr;
        *end_ = w;
        end_ = &w->next;
    }
    /// All of them, linked by `next`.
    waiter* take() noexcept {
        end_ = &first_;
        return std::exchange(first_, nullptr);
    }

private:
    waiter* first_ = nullptr;
    waiter** end_ = &first_;  // where the next one goes
};

}  // namespace mqtt_as::detail
