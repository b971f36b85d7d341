// The engine's memory: on hosts blocks of a few sizes, taken from the memory source by use and recycled for ever after;
// on boards one block, taken whole at construction.
#pragma once

#include "mqtt_as/engine_config.hpp"
#include "src/wire/profile.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace mqtt_as {

/// For hosts. Powers of two up to 128 KiB are kept in free lists, so that a warm engine allocates nothing; larger
/// blocks go straight back to the source, so that one large packet does not stay for ever.
class growing_pool {
public:
    growing_pool(memory_source& source, void*, std::size_t) : source_(source) {}
    growing_pool(const growing_pool&) = delete;
    growing_pool& operator=(const growing_pool&) = delete;
    ~growing_pool() {
        for (std::size_t c = 0; c < class_count; ++c) {
            while (free_[c] != nullptr) {
                free_block* block = free_[c];
                free_[c] = block->next;
                source_.deallocate(block, class_size(c));
            }
        }
    }

    /// nullptr when the source is exhausted.
    void* take(std::size_t size) {
        if (size > largest) return source_.allocate(size);
        const std::size_t c = class_of(size);
        if (free_block* block = free_[c]) {
            free_[c] = block->next;
            return block;
        }
        return source_.allocate(class_size(c));
    }

    void give(void* memory, std::size_t size) {
        if (memory == nullptr) return;
        if (size > largest) return source_.deallocate(memory, size);
        auto* block = static_cast<free_block*>(memory);
        const std::size_t c = class_of(size);
        block->next = free_[c];
        free_[c] = block;
    }

private:
    struct free_block {
        free_block* next;
    };
    static constexpr std::size_t smallest_shift = 5;  // 32 bytes
    static constexpr std::size_t class_count = 13;    // up to 128 KiB
    static constexpr std::size_t largest = std::size_t{1} << (smallest_shift + class_count - 1);

    static constexpr std::size_t class_size(std::size_t c) { return std::size_t{1} << (smallest_shift + c); }
    static constexpr std::size_t class_of(std::size_t size) {
        if (size <= class_size(0)) return 0;
        return static_cast<unsigned>(std::bit_width(size - 1)) - smallest_shift;
    }

    memory_source& source_;
    std::array<free_block*, class_count> free_{};
};

/// For boards. What lies behind the engine's state in its block, given out first fit; neighbours that are free become
/// one again. Its user knows the size of each piece, so that none has a header. The block has less than 64 KiB and
/// begins with the state, so that two bytes say how far behind the pool itself a piece lies.
class block_pool {
public:
    block_pool(memory_source&, void* begin, std::size_t size) { give(begin, size / granule * granule); }
    block_pool(const block_pool&) = delete;
    block_pool& operator=(const block_pool&) = delete;

    void* take(std::size_t size) {
        size = rounded(size);
        for (free_block* before = &first_; before->next != 0; before = at(before->next)) {
            free_block* const block = at(before->next);
            if (block->size < size) continue;
            block->size = static_cast<std::uint16_t>(block->size - size);
            if (block->size == 0) before->next = block->next;
            return reinterpret_cast<std::uint8_t*>(block) + block->size;
        }
        return nullptr;
    }

    void give(void* memory, std::size_t size) {
        auto* const block = static_cast<free_block*>(memory);
        free_block* before = &first_;
        while (before->next != 0 && at(before->next) < block) before = at(before->next);
        block->size = static_cast<std::uint16_t>(rounded(size));
        block->next = std::exchange(before->next, place_of(block));
        join(*block);
        join(*before);
    }

    /// What a piece of `size` bytes takes.
    static constexpr std::size_t rounded(std::size_t size) { return (size + granule - 1) / granule * granule; }

private:
    static constexpr std::size_t granule = alignof(void*);

    struct free_block {
        std::uint16_t next;  // where the next one lies, in the order of addresses; 0: none
        std::uint16_t size;
    };
    static_assert(sizeof(free_block) <= granule);

    // Addresses are counted as numbers: the compiler need not think that all the block is a part of this.
    std::uintptr_t origin() { return reinterpret_cast<std::uintptr_t>(this); }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): that is what it is for
    free_block* at(std::uint16_t place) { return reinterpret_cast<free_block*>(origin() + place); }
    std::uint16_t place_of(const free_block* block) {
        return static_cast<std::uint16_t>(reinterpret_cast<std::uintptr_t>(block) - origin());
    }
    /// With the next one, where that begins at the end. `first_` ends nowhere.
    void join(free_block& block) {
        if (block.size == 0 || place_of(&block) + block.size != block.next) return;
        const free_block& next = *at(block.next);
        block.size = static_cast<std::uint16_t>(block.size + next.size);
        block.next = next.next;
    }

    free_block first_{0, 0};  // before all others, and of no size
};

using pool = std::conditional_t<profile::is_board, block_pool, growing_pool>;

/// For hosts: a growing array of trivial values. Growth doubles; `reserve` says whether there was memory for it.
template <class T>
class growing_array {
public:
    /// `max` is not enforced here: who grows it does.
    growing_array(pool& memory, std::size_t /*max*/) : pool_(memory) {}
    growing_array(const growing_array&) = delete;
    growing_array& operator=(const growing_array&) = delete;
    ~growing_array() { give_back(); }
    /// Where the pool ends first.
    void give_back() {
        if (data_ != nullptr) pool_.give(data_, capacity_ * sizeof(T));
        data_ = nullptr;
        capacity_ = 0;
    }

    bool reserve(std::size_t wanted) { return wanted <= capacity_ || grow(wanted); }

    void swap(growing_array& other) {
        std::swap(data_, other.data_);
        std::swap(capacity_, other.capacity_);
    }
    T* data() { return data_; }
    const T* data() const { return data_; }
    T& operator[](std::size_t i) { return data_[i]; }
    const T& operator[](std::size_t i) const { return data_[i]; }
    std::size_t capacity() const { return capacity_; }

private:
    [[gnu::noinline]] bool grow(std::size_t wanted) {
        std::size_t capacity = capacity_ == 0 ? 8 : capacity_;
        while (capacity < wanted) capacity *= 2;
        auto* data = static_cast<T*>(pool_.take(capacity * sizeof(T)));
        if (data == nullptr) return false;
        if (capacity_ != 0) std::memcpy(data, data_, capacity_ * sizeof(T));
        pool_.give(data_, capacity_ * sizeof(T));
        data_ = data;
        capacity_ = capacity;
        return true;
    }

    pool& pool_;
    T* data_ = nullptr;
    std::size_t capacity_ = 0;
};

/// For boards: where something lies in the block that begins with the state, of which this is a part. Two bytes say how
/// far behind.
class place_behind {
public:
    explicit place_behind(const void* place)
        : offset_(static_cast<profile::size_type>(address(place) - address(this))) {}
    place_behind(const place_behind&) = delete;
    place_behind& operator=(const place_behind&) = delete;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): see block_pool
    void* get() const { return reinterpret_cast<void*>(address(this) + offset_); }

private:
    static std::uintptr_t address(const void* of) { return reinterpret_cast<std::uintptr_t>(of); }
    profile::size_type offset_;
};

/// For boards: the same interface, and `max` values from the beginning.
template <class T>
class whole_array {
public:
    whole_array(pool& memory, std::size_t max)
        : place_(memory.take(max * sizeof(T))), capacity_(static_cast<profile::size_type>(max)) {}

    bool reserve(std::size_t wanted) const { return wanted <= capacity_; }
    T* data() const { return static_cast<T*>(place_.get()); }
    T& operator[](std::size_t i) { return data()[i]; }
    const T& operator[](std::size_t i) const { return data()[i]; }
    std::size_t capacity() const { return capacity_; }

private:
    place_behind place_;
    profile::size_type capacity_;
};

template <class T>
using array_of = std::conditional_t<profile::is_board, whole_array<T>, growing_array<T>>;

/// For hosts: a ring of trivial values with a hard limit. Its capacity is a power of two.
template <class T>
class ring {
public:
    ring(pool& memory, std::size_t max) : storage_(memory, max), max_(static_cast<std::uint32_t>(max)) {}

    bool full() const { return size_ >= max_; }
    bool empty() const { return size_ == 0; }
    std::uint32_t size() const { return size_; }
    T& operator[](std::uint32_t i) { return storage_[wrapped(head_ + i)]; }
    T& front() { return (*this)[0]; }
    T& back() { return (*this)[size_ - 1u]; }
    std::uint32_t max() const { return max_; }

    /// False when there is no memory, or no place.
    bool push(const T& value) {
        if (full()) return false;
        if (size_ == storage_.capacity()) return grow_and_push(value);
        storage_[wrapped(head_ + size_)] = value;
        ++size_;
        return true;
    }
    void pop() {
        head_ = wrapped(head_ + 1);
        --size_;
    }
    void pop_back() { --size_; }
    void clear() { head_ = size_ = 0; }

private:
    std::uint32_t wrapped(std::uint32_t place) const {
        return place & (static_cast<std::uint32_t>(storage_.capacity()) - 1);
    }
    [[gnu::noinline]] bool grow_and_push(T value) {
        const auto old = static_cast<std::uint32_t>(storage_.capacity());
        if (!storage_.reserve(old + 1)) return false;
        // What had wrapped around the old end now continues behind it.
        if (head_ != 0) std::memcpy(&storage_[old], &storage_[0], head_ * sizeof(T));
        return push(value);
    }

    growing_array<T> storage_;
    std::uint32_t head_ = 0;
    std::uint32_t size_ = 0;
    std::uint32_t max_;
};

/// For boards, with the same interface: what is behind the first one moves up. There are few.
template <class T>
class row {
public:
    row(pool& memory, std::size_t max) : storage_(memory, max) {}

    bool full() const { return size_ >= max(); }
    bool empty() const { return size_ == 0; }
    std::uint32_t size() const { return size_; }
    T& operator[](std::uint32_t i) { return storage_[i]; }
    T& front() { return storage_[0]; }
    std::uint32_t max() const { return static_cast<std::uint32_t>(storage_.capacity()); }

    bool push(const T& value) {
        if (full()) return false;
        storage_[size_++] = value;
        return true;
    }
    void pop() { std::memmove(&storage_[0], &storage_[1], --size_ * sizeof(T)); }
    void clear() { size_ = 0; }

private:
    [[no_unique_address]] whole_array<T> storage_;  // what comes next may use its padding
    profile::size_type size_ = 0;
};

template <class T>
using queue_of = std::conditional_t<profile::is_board, row<T>, ring<T>>;

}  // namespace mqtt_as
