// Waiting for something to come true on another thread, with a deadline.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace mqtt_as::test {

/// Asks every few milliseconds until `condition()` is true; false when it did not come true in time. For conditions
/// that nobody announces: a file, a counter of the proxy.
template <class Condition>
bool eventually(std::chrono::milliseconds limit, Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

/// A value shared between threads whose changes can be waited for.
template <class Value>
class watched {
public:
    /// Changes the value by `change(value)`, wakes all who wait, and returns what `change` returns.
    template <class Change>
    decltype(auto) update(Change change) {
        const std::lock_guard lock(mutex_);
        changed_.notify_all();  // who waits goes on when the lock is free, and may destroy all this then
        return change(value_);
    }

    /// Reads the value by `read(value)`.
    template <class Read>
    auto look(Read read) const {
        const std::lock_guard lock(mutex_);
        return read(std::as_const(value_));
    }

    /// Waits until `condition(value)` is true; false when it did not come true in time.
    template <class Condition>
    bool wait_for(std::chrono::milliseconds limit, Condition condition) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, limit, [&] { return condition(std::as_const(value_)); });
    }

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    Value value_{};
};

}  // namespace mqtt_as::test
