// What waits for the end of an operation: a handler and its result in a recycled block, run once. Implementation
// detail of client.hpp and async.hpp.
#pragma once

#include "mqtt_as/asio/error.hpp"
#include "mqtt_as/asio/message.hpp"
#include "mqtt_as/types.hpp"

#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <system_error>
#include <type_traits>
#include <utility>

namespace mqtt_as::detail {

/// The implementation behind a client; lives until the last operation and transport has let go of it.
class core;

/// One waiting handler. Lives in a block of the core's; whoever holds a pointer and the ticket can ask the core to
/// cancel it at any time: a block is never freed before the core, and a stale ticket finds nothing.
class waiter {
public:
    /// Runs the handler, or passes it to its executor, and gives the block back.
    void complete(core& c) { end_(*this, &c); }
    /// Ends without running the handler: the core is going, and with it the event loop.
    void abandon() noexcept { end_(*this, nullptr); }

    // Set by the list, or with the operation, that the waiter enters, and looked at only while it is there.
    waiter* next;
    waiter* previous;
    op_id id;
    errc error = errc::ok;
    enum class place : std::uint8_t { idle, operation, list, ready } where = place::idle;
    std::uint8_t list = 0;  ///< which list, when `where` is `list`

    void wait_in(std::uint8_t which) noexcept {
        where = place::list;
        list = which;
    }

protected:
    /// `Kind` has a `complete` of its own, and is destroyed when it is abandoned. One pointer instead of virtual
    /// functions: with a table, its relocations and a type's long name each kind, and so each handler, would cost a
    /// program half a kilobyte.
    template <class Kind>
    explicit waiter(std::type_identity<Kind>) noexcept
        : end_([](waiter& who, core* c) {
              auto& kind = static_cast<Kind&>(who);
              c != nullptr ? kind.Kind::complete(*c) : kind.~Kind();
          }) {}
    ~waiter() = default;

private:
    void (*const end_)(waiter&, core*);
};

template <class Result>
class result_waiter : public waiter {
public:
    using waiter::waiter;
    Result take_result() { return std::move(result); }
    Result result{};
};
template <>
class result_waiter<void> : public waiter {
public:
    using waiter::waiter;
};

/// The owner of an operation in the engine: whatever was asked for, it ends in the same way.
class operation_waiter : public waiter {
public:
    using waiter::waiter;
    operation_result result{};
};
template <std::derived_from<operation_result> Result>
class result_waiter<Result> : public operation_waiter {
public:
    using operation_waiter::operation_waiter;
    Result take_result() { return Result{std::move(result)}; }
};

inline constexpr std::size_t waiter_block_size = 192;
inline constexpr std::size_t inline_handler_size = 64;

/// A block of `waiter_block_size` bytes, from the core's free list.
void* acquire_block(core&);
void release_block(core&, void*) noexcept;

/// A handler, in place when it is small, on the heap when it is not.
template <class Handler, bool in_place = sizeof(Handler) <= inline_handler_size &&
                                         alignof(Handler) <= alignof(std::max_align_t) &&
                                         std::is_nothrow_move_constructible_v<Handler>>
class stored_handler {
public:
    template <class H>
    explicit stored_handler(H&& handler) : handler_(std::forward<H>(handler)) {}
    Handler take() noexcept { return std::move(handler_); }
    Handler& get() noexcept { return handler_; }

private:
    Handler handler_;
};
template <class Handler>
class stored_handler<Handler, false> {
public:
    template <class H>
    explicit stored_handler(H&& handler) : handler_(std::make_unique<Handler>(std::forward<H>(handler))) {}
    Handler take() { return std::move(*handler_); }
    Handler& get() noexcept { return *handler_; }

private:
    std::unique_ptr<Handler> handler_;
};

template <class Waiter, class... Args>
Waiter* make_waiter(core& c, Args&&... args) {
    static_assert(sizeof(Waiter) <= waiter_block_size);
    void* block = acquire_block(c);
    try {
        return new (block) Waiter(std::forward<Args>(args)...);
    } catch (...) {
        release_block(c, block);
        throw;
    }
}

/// The waiter of a plain callable.
template <class Handler, class Result>
class callback_waiter final : public result_waiter<Result> {
public:
    template <class H>
    explicit callback_waiter(H&& handler)
        : result_waiter<Result>(std::type_identity<callback_waiter>()), handler_(std::forward<H>(handler)) {}

    /// The handler runs where it lies: it needs not be moved, and what it begins takes another block.
    void complete(core& c) {
        const ending end{*this, c};
        const std::error_code ended = make_error_code(this->error);
        if constexpr (std::is_void_v<Result>) {
            handler_.get()(ended);
        } else {
            handler_.get()(ended, this->take_result());
        }
    }

private:
    struct ending {
        callback_waiter& who;
        core& of;
        ~ending() {
            who.~callback_waiter();
            release_block(of, &who);
        }
    };

    stored_handler<Handler> handler_;
};

template <class F, class Result>
struct is_called_with_result : std::is_invocable_r<void, F, std::error_code, Result> {
    using type = std::invoke_result<F, std::error_code, Result>;
};
template <class F>
struct is_called_with_result<F, void> : std::is_invocable_r<void, F, std::error_code> {
    using type = std::invoke_result<F, std::error_code>;
};

template <class F, class Result>
concept returns_nothing =
    is_called_with_result<F, Result>::value && std::is_void_v<typename is_called_with_result<F, Result>::type::type>;

/// A callable `void(std::error_code, Result)` that says nothing to Asio: run on the client's executor, without
/// Asio's headers.
template <class F, class Result>
concept plain_callback = returns_nothing<F, Result> && !requires { typename F::executor_type; } &&
                         !requires { typename F::allocator_type; } && !requires { typename F::cancellation_slot_type; };

/// A callable that takes its arguments in one way only, and not what the method has to give. (Asio's own tokens are not
/// called, or in many ways.)
template <class F, class Result>
concept wrong_callback = (std::is_function_v<std::remove_pointer_t<F>> || requires { &F::operator(); }) &&
                         !is_called_with_result<F, Result>::value;

/// Every other completion token. Defined in "mqtt_as/asio/async.hpp": include that to use `use_awaitable`,
/// `use_future`, `deferred`, `bind_executor`... (without it the compiler complains about `auto` here).
template <class Result, class Token, class Operation>
auto start_async(const std::shared_ptr<core>&, Token&&, Operation);

template <class Result, class Token, class Operation>
auto start(const std::shared_ptr<core>& c, Token&& token, Operation operation) {
    using handler = std::decay_t<Token>;
    if constexpr (plain_callback<handler, Result>) {
        operation.begin(*c, make_waiter<callback_waiter<handler, Result>>(*c, std::forward<Token>(token)));
    } else if constexpr (wrong_callback<handler, Result>) {
        static_assert(
            std::is_void_v<Result>,
            "this callback takes the wrong arguments: wanted is (std::error_code, RESULT), where RESULT is what "
            "the method returns to a coroutine, such as mqtt_as::publish_result");
        static_assert(!std::is_void_v<Result>, "this callback takes the wrong arguments: wanted is (std::error_code)");
    } else {
        return start_async<Result>(c, std::forward<Token>(token), std::move(operation));
    }
}

}  // namespace mqtt_as::detail
