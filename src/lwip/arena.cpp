// First fit over blocks that lie one behind the other, each with a header that says how long it is.
#include "mqtt_as/lwip/arena.hpp"

#include "mqtt_as/lwip/port.hpp"

#include <algorithm>
#include <cstdint>

namespace mqtt_as {

namespace {

constexpr std::size_t grain = alignof(std::max_align_t);

struct alignas(grain) header {
    std::uint32_t size;  // of the block, this header included
    bool is_used;

    header* next() { return reinterpret_cast<header*>(reinterpret_cast<std::byte*>(this) + size); }
};

header* first_block = nullptr;
header* end_of_blocks = nullptr;
task_memory_use use;

void begin() {
    const std::span<std::byte> all = port::task_memory();
    const auto address = reinterpret_cast<std::uintptr_t>(all.data());
    const std::size_t skipped = (grain - address % grain) % grain;
    if (all.size() < skipped + sizeof(header)) return;
    const std::size_t size = (all.size() - skipped) / grain * grain;
    first_block = reinterpret_cast<header*>(all.data() + skipped);
    *first_block = {static_cast<std::uint32_t>(size), false};
    end_of_blocks = first_block->next();
}

/// Joins the free blocks behind `b` to it.
void join(header* b) {
    while (b->next() != end_of_blocks && !b->next()->is_used) b->size += b->next()->size;
}

}  // namespace

task_memory_use look_at_task_memory() noexcept { return use; }

namespace detail {

void* take_memory(std::size_t size) noexcept {
    if (first_block == nullptr) begin();
    const std::size_t needed = sizeof(header) + (size + grain - 1) / grain * grain;
    for (header* b = first_block; b != end_of_blocks; b = b->next()) {
        if (b->is_used) continue;
        join(b);
        if (b->size < needed) continue;
        if (b->size - needed > sizeof(header)) {
            const auto whole = b->size;
            b->size = static_cast<std::uint32_t>(needed);
            *b->next() = {static_cast<std::uint32_t>(whole - needed), false};
        }
        b->is_used = true;
        use.now += b->size;
        use.most = std::max(use.most, use.now);
        return b + 1;
    }
    return nullptr;
}

void give_memory(void* memory) noexcept {
    header* const b = static_cast<header*>(memory) - 1;
    b->is_used = false;
    use.now -= b->size;
}

}  // namespace detail
}  // namespace mqtt_as
