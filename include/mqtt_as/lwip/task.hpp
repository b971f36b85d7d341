// Coroutines for boards: frames in static memory, failures without exceptions.
//
// A task runs on a `job`, with all tasks that it awaits. When something that it awaits fails, and was not asked for
// `as_result`, the job ends: its frames are destroyed from the outside in, as an exception would unwind them,
// destructors included; whoever runs the job learns the error. A job can be cancelled in the same way at any moment
// when it waits. Without memory for a frame the caller's job fails with out_of_memory.
#pragma once

#include "mqtt_as/as_result.hpp"
#include "mqtt_as/lwip/arena.hpp"
#include "mqtt_as/lwip/waiter.hpp"
#include "mqtt_as/types.hpp"

#include <coroutine>
#include <cstddef>
#include <utility>

namespace mqtt_as {

class event_loop;
template <class T = void>
class task;

/// One chain of tasks, from the one that was started to the one that waits.
class job {
public:
    explicit job(event_loop& loop) : loop_(loop) {}
    ~job() { cancel(); }
    job(const job&) = delete;
    job& operator=(const job&) = delete;

    /// Runs `what` until it waits for the first time; what ran here before is cancelled. Not to be called from inside.
    void start(task<> what);
    /// Destroys what runs here; accepted operations live on. Not to be called from inside.
    void cancel();
    /// After a turn: true, once, when the task has ended. `error` then says how.
    bool take_end();
    bool is_running() const { return static_cast<bool>(top_); }
    errc error() const { return error_; }

    // For what is awaited:
    event_loop& loop() const { return loop_; }
    /// The task that waits cannot go on. It is destroyed by `take_end`.
    void fail(errc error) {
        error_ = error;
        ended_ = true;
    }
    void finish() { ended_ = true; }

private:
    event_loop& loop_;
    std::coroutine_handle<> top_{};
    errc error_ = errc::ok;
    bool ended_ = false;
};

namespace detail {

struct promise_base {
    job* on = nullptr;
    std::coroutine_handle<> caller{};

    static void* operator new(std::size_t size) noexcept { return take_memory(size); }
    static void operator delete(void* frame) noexcept { give_memory(frame); }

    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
        struct back_to_caller {
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept {
                if (self->caller) return self->caller;
                self->on->finish();
                return std::noop_coroutine();
            }
            void await_resume() noexcept {}
            promise_base* self;
        };
        return back_to_caller{this};
    }
    void unhandled_exception() noexcept {}
};

template <class T>
struct promise : promise_base {
    task<T> get_return_object() noexcept;
    static task<T> get_return_object_on_allocation_failure() noexcept;
    void return_value(T v) { value = std::move(v); }
    T value{};
};
template <>
struct promise<void> : promise_base {
    task<void> get_return_object() noexcept;
    static task<void> get_return_object_on_allocation_failure() noexcept;
    void return_void() noexcept {}
};

}  // namespace detail

/// A coroutine that begins when it is awaited. T must have a default value.
template <class T>
class [[nodiscard]] task {
public:
    using promise_type = detail::promise<T>;

    /// Nothing to do: what a plain function among the handlers returns.
    task() = default;
    task(task&& other) noexcept
        : frame_(std::exchange(other.frame_, {})), is_without_memory_(other.is_without_memory_) {}
    task& operator=(task&&) = delete;
    ~task() {
        if (frame_) frame_.destroy();
    }

    bool await_ready() const noexcept { return !frame_ && !is_without_memory_; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> caller) noexcept {
        job* const on = caller.promise().on;
        if (!frame_) {
            on->fail(errc::out_of_memory);
            return std::noop_coroutine();
        }
        frame_.promise().on = on;
        frame_.promise().caller = caller;
        return frame_;
    }
    T await_resume() noexcept {
        if constexpr (!std::is_void_v<T>) return std::move(frame_.promise().value);
    }

private:
    friend class job;
    friend promise_type;
    explicit task(promise_type& p) : frame_(std::coroutine_handle<promise_type>::from_promise(p)) {}
    static task without_memory() noexcept {
        task none;
        none.is_without_memory_ = true;
        return none;
    }

    std::coroutine_handle<promise_type> frame_{};
    bool is_without_memory_ = false;
};

namespace detail {

template <class T>
task<T> promise<T>::get_return_object() noexcept {
    return task<T>(*this);
}
template <class T>
task<T> promise<T>::get_return_object_on_allocation_failure() noexcept {
    return task<T>::without_memory();
}
inline task<void> promise<void>::get_return_object() noexcept { return task<void>(*this); }
inline task<void> promise<void>::get_return_object_on_allocation_failure() noexcept {
    return task<void>::without_memory();
}

/// Awaits what a `Wait` (derived from `waiter`, with `take_result()`) waits for.
template <class Wait, bool failure_is_a_result>
class [[nodiscard]] awaitable {
public:
    /// `begin(wait)` begins: false when it has ended already, with `wait.error`.
    template <class Begin>
    explicit awaitable(Begin begin) : wait_(&over), is_waiting_(begin(static_cast<Wait&>(wait_))) {}
    awaitable(const awaitable&) = delete;
    awaitable& operator=(const awaitable&) = delete;

    bool await_ready() const noexcept { return !is_waiting_ && !fails(wait_); }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> caller) noexcept {
        wait_.on = caller.promise().on;
        wait_.caller = caller;
        if (!is_waiting_) wait_.on->fail(wait_.error);
    }
    auto await_resume() noexcept {
        if constexpr (failure_is_a_result) {
            return wait_.take_outcome();
        } else {
            return wait_.take_result();
        }
    }

private:
    struct waiting : Wait {
        using Wait::Wait;
        job* on = nullptr;
        std::coroutine_handle<> caller{};
    };
    static bool fails(const waiter& w) {
        return !failure_is_a_result && !requires { Wait::never_fails; } && w.error != errc::ok;
    }
    static void over(waiter& w) {
        auto& mine = static_cast<waiting&>(static_cast<Wait&>(w));
        if (fails(w)) return mine.on->fail(w.error);
        mine.caller.resume();
    }

    waiting wait_;
    bool is_waiting_;
};

}  // namespace detail
}  // namespace mqtt_as
