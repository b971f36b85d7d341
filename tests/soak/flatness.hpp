// Whether a process keeps the memory and the file descriptors that it had when it was warm.
#pragma once

#include <algorithm>
#include <deque>

namespace mqtt_as::soak {

class flatness {
public:
    struct state {
        int age_s;
        long resident_kb;
        long descriptors;
    };

    /// Once a second.
    void sample(const state& now) {
        if (now.age_s < cold_s) return;
        if (now.age_s < cold_s + span_s) {
            warm_.resident_kb = std::max(warm_.resident_kb, now.resident_kb);
            warm_.descriptors = std::max(warm_.descriptors, now.descriptors);
            return;
        }
        latest_.push_back(now);
        if (latest_.size() > span_s) latest_.pop_front();
    }

    bool was_seen_long_enough() const { return latest_.size() == span_s; }
    // The least of the last seconds: an outage holds messages, and an attempt to connect a socket, for a while.
    long grown_kb() const { return least(&state::resident_kb) - warm_.resident_kb; }
    long more_descriptors() const { return least(&state::descriptors) - warm_.descriptors; }
    bool is_flat() const { return grown_kb() <= noise_kb && more_descriptors() <= 0; }

private:
    static constexpr int cold_s = 5;
    static constexpr int span_s = 10;
    static constexpr long noise_kb = 1'024;  // what the allocator and the kernel do by themselves

    long least(long state::* what) const {
        return latest_.empty() ? 0 : (*std::ranges::min_element(latest_, {}, what)).*what;
    }

    state warm_{};
    std::deque<state> latest_;
};

}  // namespace mqtt_as::soak
