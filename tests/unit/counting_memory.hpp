// A memory source that counts what is taken and given back, and that can run dry at a chosen allocation.
#pragma once

#include "mqtt_as/engine_config.hpp"

#include <cstdint>
#include <cstdlib>
#include <gtest/gtest.h>
#include <map>

namespace engine_tests {

class counting_memory : public mqtt_as::memory_source {
public:
    counting_memory() = default;
    counting_memory(const counting_memory&) = delete;
    counting_memory& operator=(const counting_memory&) = delete;
    ~counting_memory() {
        EXPECT_EQ(live_bytes, 0u) << "memory was not given back";
        for (const auto& [block, size] : blocks_) std::free(block);
    }

    void* allocate(std::size_t size) noexcept override {
        ++allocations;
        if (fail_from != 0 && allocations >= fail_from && allocations < fail_from + fail_count) return nullptr;
        void* const block = std::malloc(size == 0 ? 1 : size);
        blocks_[block] = size;
        live_bytes += size;
        if (live_bytes > peak_bytes) peak_bytes = live_bytes;
        return block;
    }

    void deallocate(void* block, std::size_t size) noexcept override {
        const auto known = blocks_.find(block);
        if (known == blocks_.end()) {
            ADD_FAILURE() << "a block is given back that was never taken";
            return;
        }
        EXPECT_EQ(known->second, size) << "a block is given back with another size than it was taken with";
        live_bytes -= known->second;
        blocks_.erase(known);
        std::free(block);
    }

    /// The `nth` allocation from now on (1 is the next) fails, and `count` - 1 after it.
    void fail(std::uint64_t nth, std::uint64_t count = 1) {
        fail_from = allocations + nth;
        fail_count = count;
    }

    std::uint64_t allocations = 0;  // asked for, failed ones included
    std::size_t live_bytes = 0;
    std::size_t peak_bytes = 0;

private:
    std::uint64_t fail_from = 0;  // 0: never
    std::uint64_t fail_count = 0;
    std::map<void*, std::size_t> blocks_;
};

}  // namespace engine_tests
