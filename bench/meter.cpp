// Counts allocations, by standing in front of the C library's malloc. Operator new calls it, too.
#include "bench/meter.hpp"

#include <atomic>
#include <cstddef>

namespace {
// Where there are several threads, some allocations are missed: an exact count would slow down those who allocate much.
std::atomic<std::uint64_t> count = 0;
}  // namespace

namespace bench {
std::uint64_t allocations() noexcept { return count.load(std::memory_order_relaxed); }
}  // namespace bench

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {
void count_one() noexcept { count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
}  // namespace

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): glibc's own names
void* __libc_malloc(std::size_t) noexcept;
void* __libc_calloc(std::size_t, std::size_t) noexcept;
void* __libc_realloc(void*, std::size_t) noexcept;
void* __libc_memalign(std::size_t, std::size_t) noexcept;
// NOLINTEND(bugprone-reserved-identifier)

void* malloc(std::size_t size) noexcept {
    count_one();
    return __libc_malloc(size);
}
void* calloc(std::size_t n, std::size_t size) noexcept {
    count_one();
    return __libc_calloc(n, size);
}
void* realloc(void* block, std::size_t size) noexcept {
    count_one();
    return __libc_realloc(block, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    count_one();
    return __libc_memalign(alignment, size);
}
}

#endif
