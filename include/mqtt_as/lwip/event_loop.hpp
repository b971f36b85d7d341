// The event loop of boards: turns clients, wakes what waited, sleeps by `port::wait`.
#pragma once

#include "mqtt_as/lwip/task.hpp"
#include "mqtt_as/lwip/waiter.hpp"
#include "mqtt_as/types.hpp"

#include <coroutine>

namespace mqtt_as {

class MQTTClient;

namespace detail {
struct sleeping : waiter {
    using waiter::waiter;
    time_point until;
};
}  // namespace detail

/// One thread runs it, and all clients, callbacks and tasks with it.
class event_loop {
public:
    event_loop() = default;
    /// Callbacks of clients that have ended still run, with `closed`.
    ~event_loop();
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;

    /// Until `stop()`.
    void run();
    /// Callable from callbacks and tasks.
    void stop() { is_stopped_ = true; }
    /// For a main loop of your own, instead of `run`: does what is due and says how long nothing else will be, unless
    /// something happens.
    duration turn();

    /// lwIP's clock.
    static time_point time();

    // For what is awaited:
    void sleep(detail::sleeping&, duration);
    /// The wait is over: `on_end` is called in this turn or the next.
    void end(detail::waiter& w, errc error);
    void end_all(detail::waiter_list& list, errc error);

private:
    friend class MQTTClient;

    detail::waiter_list ready_;
    detail::waiter_list sleeping_;
    MQTTClient* clients_ = nullptr;
    bool is_stopped_ = false;
};

namespace detail {
class sleep_awaitable {
public:
    explicit sleep_awaitable(duration span) : span_(span), wait_(&over) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> caller) {
        wait_.caller = caller;
        caller.promise().on->loop().sleep(wait_, span_);
    }
    void await_resume() const noexcept {}

private:
    struct waiting : sleeping {
        using sleeping::sleeping;
        std::coroutine_handle<> caller;
    };
    static void over(waiter& w) { static_cast<waiting&>(w).caller.resume(); }

    duration span_;
    waiting wait_;
};
}  // namespace detail

/// Waits. `co_await sleep_for(5s);`
[[nodiscard]] inline detail::sleep_awaitable sleep_for(duration span) { return detail::sleep_awaitable(span); }

}  // namespace mqtt_as
