// The engine's memory: blocks of a few sizes, taken from the memory source by use and recycled for ever after.
#pragma once

#include "mqtt_as/engine_config.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace mqtt_as {

/// Powers of two up to 128 KiB are kept in free lists, so that a warm engine allocates nothing; larger blocks go
/// straight back to the source, so that one large packet does not stay for ever.
class pool {
public:
    explicit pool(memory_source& source) : source_(source) {}
    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;
    ~pool() {
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

/// A growing array of trivial values. Growth doubles; `reserve` says whether there was memory for it.
template <class T>
class growing {
public:
    explicit growing(pool& memory) : pool_(memory) {}
    growing(const growing&) = delete;
    growing& operator=(const growing&) = delete;
    ~growing() { pool_.give(data_, capacity_ * sizeof(T)); }

    bool reserve(std::size_t wanted) { return wanted <= capacity_ || grow(wanted); }

    void swap(growing& other) {
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

/// A growing ring of trivial values with a hard limit; its capacity is a power of two.
template <class T>
class ring {
public:
    ring(pool& memory, std::uint32_t max) : storage_(memory), max_(max) {}

    bool full() const { return size_ >= max_; }
    bool empty() const { return size_ == 0; }
    std::uint32_t size() const { return size_; }
    T& operator[](std::uint32_t i) { return storage_[(head_ + i) & mask()]; }
    T& front() { return (*this)[0]; }
    T& back() { return (*this)[size_ - 1]; }

    /// False when there is no memory, or no place.
    bool push(const T& value) {
        if (full()) return false;
        if (size_ == storage_.capacity()) return grow_and_push(value);
        storage_[(head_ + size_) & mask()] = value;
        ++size_;
        return true;
    }
    void pop() {
        head_ = (head_ + 1) & mask();
        --size_;
    }
    void pop_back() { --size_; }
    void clear() { head_ = size_ = 0; }

private:
    std::uint32_t mask() const { return static_cast<std::uint32_t>(storage_.capacity()) - 1; }
    [[gnu::noinline]] bool grow_and_push(T value) {
        const auto old = static_cast<std::uint32_t>(storage_.capacity());
        if (!storage_.reserve(old + 1)) return false;
        // What had wrapped around the old end now continues behind it.
        if (head_ != 0) std::memcpy(&storage_[old], &storage_[0], head_ * sizeof(T));
        return push(value);
    }

    growing<T> storage_;
    std::uint32_t head_ = 0;
    std::uint32_t size_ = 0;
    std::uint32_t max_;
};

}  // namespace mqtt_as
