// Completion tokens and coroutines: what client.hpp leaves to those who pay for Asio's headers.
#pragma once

#include "mqtt_as/asio/client.hpp"
#include "mqtt_as/asio/run.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/error_code.hpp>
#include <exception>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

namespace mqtt_as::detail {

const boost::asio::any_io_executor& executor_of(const core&) noexcept;
/// What is emitted into the slot from now on cancels what `waiter` waits for. To be called before the operation begins.
void let_cancel(boost::asio::cancellation_slot, const std::shared_ptr<core>&, waiter&);

std::exception_ptr make_exception(const char* operation, errc, const connect_result&);
std::exception_ptr make_exception(const char* operation, errc, const operation_result&);
std::exception_ptr make_exception(const char* operation, errc);
/// Of an operation with any result.
template <class... Result>
std::exception_ptr make_exception_of(const char* operation, errc error, const Result&... result) {
    if constexpr (requires { make_exception(operation, error, result...); }) {
        return make_exception(operation, error, result...);
    } else {
        return make_exception(operation, error);
    }
}

/// Tokens that turn an error into an exception get the exception made by us: a std::system_error that knows more.
template <class Token>
inline constexpr bool throws = false;
template <class Executor>
inline constexpr bool throws<boost::asio::use_awaitable_t<Executor>> = true;
template <class Allocator>
inline constexpr bool throws<boost::asio::use_future_t<Allocator>> = true;
template <class Token, class Executor>
inline constexpr bool throws<boost::asio::executor_binder<Token, Executor>> = throws<Token>;
template <class Token, class Slot>
inline constexpr bool throws<boost::asio::cancellation_slot_binder<Token, Slot>> = throws<Token>;
template <class Token, class Allocator>
inline constexpr bool throws<boost::asio::allocator_binder<Token, Allocator>> = throws<Token>;

template <class Error, class Result>
struct signature_of {
    using type = void(Error, Result);
};
template <class Error>
struct signature_of<Error, void> {
    using type = void(Error);
};
template <class Token, class Result>
using signature =
    typename signature_of<std::conditional_t<throws<Token>, std::exception_ptr, boost::system::error_code>,
                          Result>::type;

template <bool as_exception, class Operation, class Handler, class... Result>
void call(Handler& handler, errc error, Result&&... result) {
    if constexpr (as_exception) {
        auto thrown = error == errc::ok ? std::exception_ptr() : make_exception_of(Operation::name, error, result...);
        std::move(handler)(std::move(thrown), std::forward<Result>(result)...);
    } else {
        const boost::system::error_code code = error == errc::ok ? std::error_code() : make_error_code(error);
        std::move(handler)(code, std::forward<Result>(result)...);
    }
}

/// The waiter of a handler that runs on the client's own executor: called from the pump.
template <bool as_exception, class Operation, class Handler, class Result>
class direct_waiter final : public result_waiter<Result> {
public:
    explicit direct_waiter(Handler&& handler)
        : result_waiter<Result>(std::type_identity<direct_waiter>()), handler_(std::move(handler)) {}

    void complete(core& c) {
        Handler handler = handler_.take();
        const errc ended = this->error;
        if constexpr (std::is_void_v<Result>) {
            release(c);
            call<as_exception, Operation>(handler, ended);
        } else {
            Result value = this->take_result();
            release(c);
            call<as_exception, Operation>(handler, ended, std::move(value));
        }
    }

private:
    void release(core& c) noexcept {
        this->~direct_waiter();
        release_block(c, this);
    }

    stored_handler<Handler> handler_;
};

/// The waiter of a handler that runs elsewhere: dispatched to its executor, which has work until then.
template <bool as_exception, class Operation, class Handler, class Result, class Executor>
class remote_waiter final : public result_waiter<Result> {
public:
    remote_waiter(Handler&& handler, const Executor& executor)
        : result_waiter<Result>(std::type_identity<remote_waiter>()), work_(work{std::move(handler), executor}) {}

    void complete(core& c) {
        auto taken = std::make_unique<work>(work_.take());
        const errc ended = this->error;
        if constexpr (std::is_void_v<Result>) {
            release(c);
            const auto executor = taken->guard.get_executor();
            boost::asio::dispatch(executor, [taken = std::move(taken), ended]() mutable {
                Handler handler = std::move(taken->handler);
                taken.reset();
                call<as_exception, Operation>(handler, ended);
            });
        } else {
            Result value = this->take_result();
            release(c);
            const auto executor = taken->guard.get_executor();
            boost::asio::dispatch(executor, [taken = std::move(taken), ended, value = std::move(value)]() mutable {
                Handler handler = std::move(taken->handler);
                taken.reset();
                call<as_exception, Operation>(handler, ended, std::move(value));
            });
        }
    }

private:
    struct work {
        work(Handler&& h, const Executor& executor) : handler(std::move(h)), guard(executor) {}
        Handler handler;
        boost::asio::executor_work_guard<Executor> guard;
    };
    void release(core& c) noexcept {
        this->~remote_waiter();
        release_block(c, this);
    }

    stored_handler<work> work_;
};

template <bool as_exception, class Result, class Operation>
struct initiate {
    std::shared_ptr<core> target;

    using executor_type = boost::asio::any_io_executor;
    executor_type get_executor() const noexcept { return executor_of(*target); }

    template <class Handler>
    void operator()(Handler&& handler, Operation operation) const {
        using handler_type = std::decay_t<Handler>;
        const auto& ours = executor_of(*target);
        const auto executor = boost::asio::get_associated_executor(handler, ours);
        using its_executor = std::decay_t<decltype(executor)>;
        bool direct = false;
        if constexpr (std::is_convertible_v<its_executor, boost::asio::any_io_executor>) {
            direct = boost::asio::any_io_executor(executor) == ours;
        }
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        result_waiter<Result>* who;
        if (direct) {
            who = make_waiter<direct_waiter<as_exception, Operation, handler_type, Result>>(
                *target, std::forward<Handler>(handler));
        } else {
            who = make_waiter<remote_waiter<as_exception, Operation, handler_type, Result, its_executor>>(
                *target, std::forward<Handler>(handler), executor);
        }
        if (slot.is_connected()) let_cancel(slot, target, *who);
        operation.begin(*target, who);
    }
};

template <class Result, class Token, class Operation>
auto start_async(const std::shared_ptr<core>& c, Token&& token, Operation operation) {
    using token_type = std::decay_t<Token>;
    token_type own(std::forward<Token>(token));  // Boost 1.81's binders cannot be initiated when they are const
    return boost::asio::async_initiate<token_type, signature<token_type, Result>>(
        initiate<throws<token_type>, Result, Operation>{c}, own, std::move(operation));
}

}  // namespace mqtt_as::detail
