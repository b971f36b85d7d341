// Chance for the simulation: the same numbers from the same seed, on every compiler and machine.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace mqtt_as::sim {

/// xoshiro256** (Blackman and Vigna), filled by splitmix64. No std distribution: their results differ between
/// standard libraries.
class random_source {
public:
    explicit random_source(std::uint64_t seed) {
        for (auto& word : state_) word = splitmix(seed);
    }

    std::uint64_t next() {
        const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = rotate(state_[3], 45);
        return result;
    }

    /// 0 to `n` - 1. The bias of a remainder is of no concern here.
    std::uint64_t below(std::uint64_t n) { return next() % n; }
    /// `low` to `high`, both included.
    std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }
    bool chance(unsigned percent) { return below(100) < percent; }

    template <class T>
    T one_of(std::initializer_list<T> choices) {
        return choices.begin()[below(choices.size())];
    }

    /// A source of its own, so that more draws in one part of the world do not disturb another part.
    random_source split() { return random_source(next()); }

private:
    static std::uint64_t splitmix(std::uint64_t& x) {
        x += 0x9E3779B97F4A7C15u;
        std::uint64_t z = x;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }
    static std::uint64_t rotate(std::uint64_t x, int bits) { return (x << bits) | (x >> (64 - bits)); }

    std::uint64_t state_[4];
};

}  // namespace mqtt_as::sim
