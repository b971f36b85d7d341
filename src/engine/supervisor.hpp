// The supervisor: how long to wait before the next attempt, and which endpoint it goes to.
#pragma once

#include "mqtt_as/engine_config.hpp"

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
    /// Uniform in [1, n].
    std::uint32_t up_to(std::uint32_t n) { return static_cast<std::uint32_t>((std::uint64_t{next()} * n) >> 32) + 1; }

private:
    std::uint32_t state_;
};

class supervisor {
public:
    supervisor(const backoff_config& config, random_source& random, std::uint8_t endpoints)
        : config_(config), random_(random), endpoints_(endpoints), step_(config.first_step) {}

    /// An attempt begins.
    void on_attempt() { ++attempt_; }
    void on_online(time_point now) {
        online_since_ = now;
        attempt_ = 0;
    }
    /// A connection that was online ended. Only one that held resets the outage: a server that accepts and then
    /// throws out is not reached any faster for it.
    void on_lost(time_point now) {
        if (!(now - online_since_ < config_.stable_after)) begin(now);
    }
    /// `start`: whatever was before, the first wait is short.
    void begin(time_point now) {
        outage_since_ = now;
        step_ = config_.first_step;
    }

    /// The wait before the next attempt: full jitter, uniform in (0, step].
    duration next_wait(time_point now) {
        if (now - outage_since_ > config_.steady_for) step_ = std::min(step_ * 2, config_.cap);
        if (++endpoint_ >= endpoints_) endpoint_ = 0;
        return uniform(step_);
    }
    /// For what retrying cannot cure: uniform in (cap/2, cap].
    duration next_wait_at_cap() {
        step_ = config_.cap;
        return config_.cap / 2 + uniform(config_.cap - config_.cap / 2);
    }

    /// Applies `f` to each moment it keeps.
    template <class F>
    void refresh(F&& f) {
        f(online_since_);
        f(outage_since_);
    }

    std::uint8_t endpoint() const { return endpoint_; }
    std::uint32_t attempt() const { return attempt_; }

private:
    duration uniform(duration d) {
        return duration(static_cast<std::int32_t>(random_.up_to(static_cast<std::uint32_t>(d.count()))));
    }

    const backoff_config& config_;
    random_source& random_;
    std::uint8_t endpoints_;
    std::uint8_t endpoint_ = 0;
    std::uint32_t attempt_ = 0;
    duration step_;
    time_point online_since_;
    time_point outage_since_;
};

}  // namespace mqtt_as
