// The memory of waiting handlers: fixed blocks, recycled, never given back before the core ends, so that a pointer to
// one can be judged at any time by its ticket.
#pragma once

#include "mqtt_as/asio/waiter.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace mqtt_as::detail {

struct block {
    alignas(std::max_align_t) std::byte memory[waiter_block_size];
    std::atomic<std::uint64_t> ticket{0};  ///< names the present use for `cancel`; 0: cannot be cancelled
    block* next = nullptr;
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

/// Makes new blocks in slabs that grow with use: a client that only listens needs one.
class block_store {
public:
    void grow(block_list& into) {
        const std::size_t count = next_count_;
        slabs_.push_back({std::make_unique<block[]>(count), count});
        if (next_count_ < 64) next_count_ *= 2;
        for (std::size_t i = 0; i < count; ++i) into.push(&slabs_.back().blocks[i]);
    }
    template <class F>
    void for_each_used(F f) {
        for (slab& s : slabs_) {
            for (std::size_t i = 0; i < s.count; ++i) {
                if (s.blocks[i].used) f(s.blocks[i]);
            }
        }
    }

private:
    struct slab {
        std::unique_ptr<block[]> blocks;
        std::size_t count;
    };
    std::vector<slab> slabs_;
    std::size_t next_count_ = 1;
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
    void push_front(waiter* w) noexcept {
        w->previous = nullptr;
        w->next = first_;
        (first_ != nullptr ? first_->previous : last_) = w;
        first_ = w;
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

}  // namespace mqtt_as::detail
