// User code: completions and callbacks. It runs from the turn, without the lock, and what it throws is reported.
#include "src/asio/clock.hpp"
#include "src/asio/core.hpp"

#include <cstdio>
#include <system_error>
#include <utility>

namespace mqtt_as::detail {

namespace asio = boost::asio;

/// What is ready now. What that makes ready is for the next round, and after some rounds for another turn: who tries
/// again at once, and fails at once, holds up nobody else.
void core::run_ready(lock_type& lock) {
    if (ready_.empty() && notices_.empty() && dead_payloads_.empty()) return;
    waiter* const ready = ready_.take();
    const auto notices = std::exchange(notices_, {});
    auto dead = std::exchange(dead_payloads_, {});
    lock.unlock();
    run_completions(lock, ready);
    for (const notice& n : notices) run_notice(n);
    dead.clear();
    lock.lock();
    if (dead_payloads_.empty()) dead_payloads_.swap(dead);  // its memory serves again
}

/// Without the lock, but between bursts: then what they have published so far may go out, before it leaves the caches.
void core::run_completions(lock_type& lock, waiter* first) {
    constexpr int burst_size = 32;
    constexpr std::size_t worth_a_write = std::size_t{64} * 1024;
    int left = burst_size;
    while (first != nullptr) {
        waiter* const who = std::exchange(first, first->next);
        try {
            who->complete(*this);
        } catch (...) {
            report(std::current_exception(), "a completion");
        }
        if (--left != 0) continue;
        left = burst_size;
        lock.lock();
        if (engine_.staged() >= worth_a_write) {
            now_ = boot_time();
            write_batch(lock);
        }
        lock.unlock();
    }
}

void core::run_notice(const notice& n) {
    if (n.what == notice::kind::lost || n.what == notice::kind::stopped) cancel_connect_coro();
    if (closed_) return;
    switch (n.what) {
    case notice::kind::connected:
        print("Connected to broker.");
        start_wifi_coro(true);
        break;
    case notice::kind::renewed: start_connect_coro(); break;
    case notice::kind::refused:
        print("The server refused to renew the subscription of " + n.text + ": " + std::string(describe(n.reason)));
        if (const auto& call = settings_.keys().on_renewal_refused) {
            try {
                call(n.text, n.reason);
            } catch (...) {
                report(std::current_exception(), "on_renewal_refused");
            }
        }
        break;
    case notice::kind::lost:
        print(n.text);
        start_wifi_coro(false);
        break;
    case notice::kind::link_up:
    case notice::kind::link_down: {
        const bool up = n.what == notice::kind::link_up;
        print((up ? "Link up: " : "Link down: ") + n.text);
        if (const auto& call = settings_.keys().on_link) {
            try {
                call(up, n.text);
            } catch (...) {
                report(std::current_exception(), "on_link");
            }
        }
        break;
    }
    case notice::kind::stopped: break;
    case notice::kind::text: print(n.text); break;
    }
}

void core::start_wifi_coro(bool up) {
    const coro_callback<bool>& call = settings_.keys().wifi_coro;
    if (call.coroutine()) return (this->*call.linked()->start_wifi_coro)(up);
    if (const auto* plain = call.plain()) {
        try {
            (*plain)(up);
        } catch (...) {
            report(std::current_exception(), "wifi_coro");
        }
    }
}

void core::start_connect_coro() {
    const coro_callback<MQTTClient&>& call = settings_.keys().connect_coro;
    if (call.coroutine()) return (this->*call.linked()->start_connect_coro)();
    if (const auto* plain = call.plain(); plain != nullptr && client_ != nullptr) {
        try {
            (*plain)(*client_);
        } catch (...) {
            report(std::current_exception(), "connect_coro");
        }
    }
}

/// An outage: it ends at what it awaits, its operations live on.
void core::cancel_connect_coro() {
    connect_coro_again_ = false;
    if (!connect_coro_runs_ || std::exchange(connect_coro_cancelled_, true)) return;
    detaching_ = true;
    connect_coro_cancel_.emit(asio::cancellation_type::terminal);
    detaching_ = false;
}

void core::report(std::exception_ptr thrown, std::string_view where) noexcept {
    try {
        if (const auto& call = settings_.keys().on_error) return call(thrown, where);
        if (world* const w = world::of_this_thread) w->fails(thrown);
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "mqtt_as: %.*s threw: %s\n", static_cast<int>(where.size()), where.data(), e.what());
        } catch (...) {
            std::fprintf(stderr, "mqtt_as: %.*s threw\n", static_cast<int>(where.size()), where.data());
        }
    } catch (...) {
        std::fprintf(stderr, "mqtt_as: on_error threw\n");
    }
}

void core::print(std::string_view line) noexcept {
    if (client_ == nullptr) return;
    try {
        client_->dprint(line);
    } catch (...) {
        report(std::current_exception(), "dprint");
    }
}

}  // namespace mqtt_as::detail
