// What the fuzz targets share: an input as a series of small choices, and objections that end the process.
//
// A target is one function that libFuzzer calls with any bytes (./run fuzz), and that replay.cpp calls with every input
// of tests/fuzz/corpus (./run test). It looks at its invariant by GoogleTest's expectations, as unit tests do, so that
// it can use what they use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

/// From now on the first expectation that fails is printed and ends the process.
void make_objections_fatal();

/// True in those tests that show that a target can object: it then claims one thing more, which is not so.
bool claims_too_much();

/// Takes an input apart from the front. When it has come to its end, every choice is 0.
class input {
public:
    input(const std::uint8_t* data, std::size_t size) : left_(data, size) {}

    bool empty() const { return left_.empty(); }
    std::uint8_t byte() {
        if (left_.empty()) return 0;
        const std::uint8_t first = left_.front();
        left_ = left_.subspan(1);
        return first;
    }
    unsigned below(unsigned end) { return byte() % end; }
    bool flip() { return (byte() & 1) != 0; }
    template <class T, std::size_t N>
    const T& one_of(const T (&choices)[N]) {
        return choices[below(N)];
    }
    std::vector<std::uint8_t> bytes(std::size_t size_max) {
        const auto taken = left_.first(size_max < left_.size() ? size_max : left_.size());
        left_ = left_.subspan(taken.size());
        return {taken.begin(), taken.end()};
    }
    std::vector<std::uint8_t> rest() { return bytes(left_.size()); }

private:
    std::span<const std::uint8_t> left_;
};

}  // namespace fuzz
