// The supervisor: how long to wait before the next attempt, and which endpoint it goes to.
#pragma once

#include "mqtt_as/engine_config.hpp"
#include "src/wire/profile.hpp"

#include <algorithm>

namespace mqtt_as {

/// xorshift: small, and the same on every machine. Good enough to spread clients, not for secrets.
class random_source {
public:
    explicit random_source(std::uint64_t seed)
        : state_(static_cast<std::uint32_t>(seed ^ (seed >> 32)) * 2'654'435'761u | 1u) {
        for (int i = 0; i < 4; ++i) next();
    }
    std::uint32_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_;
    }
    /// Uniform in (0, longest]: whatever the bits that `longest` needs can say, until it fits.
    duration up_to(duration longest) {
        std::int32_t mask = 1;
        while (mask < longest.count()) mask = mask << 1 | 1;
        for (;;) {
            const auto drawn = static_cast<std::int32_t>(next() >> 1) & mask;
            if (drawn < longest.count()) return duration(drawn + 1);
        }
    }

private:
    std::uint32_t state_;
};

class supervisor {
public:
    /// An attempt begins.
    void on_attempt() { ++attempt_; }
    void on_online() { attempt_ = 0; }
    /// A connection that was online since `since` ended. Only one that held resets the outage: a server that accepts
    /// and then throws out is not reached any faster for it.
    void on_lost(time_point now, time_point since, const engine_config& config) {
        if (!(now - since < config.backoff.stable_after)) begin(now, config);
    }
    /// `start`: whatever was before, the first wait is short.
    void begin(time_point now, const engine_config& config) {
        outage_since_ = now;
        step_ = config.backoff.first_step;
    }

    /// The wait before the next attempt: full jitter, uniform in (0, step]. `at_cap`, for what retrying cannot cure:
    /// uniform in (cap/2, cap].
    duration next_wait(time_point now, bool at_cap, random_source& random, const engine_config& config) {
        const duration cap = config.backoff.cap;
        if (at_cap) {
            step_ = cap;
            return cap / 2 + random.up_to(cap - cap / 2);
        }
        if (now - outage_since_ > config.backoff.steady_for) step_ = shorter(step_ * 2, cap);
        if (++endpoint_ >= config.endpoints) endpoint_ = 0;
        return random.up_to(step_);
    }

    time_point& outage_since() { return outage_since_; }
    std::uint8_t endpoint() const { return endpoint_; }
    std::uint32_t attempt() const { return attempt_; }

private:
    duration step_{0};
    time_point outage_since_;
    profile::size_type attempt_ = 0;
    std::uint8_t endpoint_ = 0;
};

}  // namespace mqtt_as
