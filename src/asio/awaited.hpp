// Operations as coroutines: begun from the frame that awaits them, they leave how they ended in there.
//
// All of them wait with one type of handler, which knows nothing of the result: each type has Asio make its code again,
// for every executor that the coroutine may have.
#pragma once

#include "mqtt_as/asio/async.hpp"
#include "src/asio/core.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace mqtt_as::detail {

/// How an operation ended.
template <class Result>
struct ended {
    errc error = errc::ok;
    Result result{};

    Result or_throw(const char* operation) && {
        if (error != errc::ok) std::rethrow_exception(make_exception_of(operation, error, result));
        return std::move(result);
    }
    outcome<Result> quietly() && { return {error, std::move(result)}; }
};
template <>
struct ended<void> {
    errc error = errc::ok;

    void or_throw(const char* operation) && {
        if (error != errc::ok) std::rethrow_exception(make_exception(operation, error));
    }
    outcome<void> quietly() && { return {error}; }
};

/// Resumes a frame that waits.
template <class Result, class Handler>
class frame_waiter final : public result_waiter<Result> {
public:
    frame_waiter(Handler&& frame, bool is_elsewhere, ended<Result>& into)
        : result_waiter<Result>(std::type_identity<frame_waiter>()), frame_(std::move(frame)),
          is_elsewhere_(is_elsewhere), into_(into) {}

    void complete(core& c) {
        into_.error = this->error;
        if constexpr (!std::is_void_v<Result>) into_.result = this->take_result();
        Handler frame = std::move(frame_);
        const bool is_elsewhere = is_elsewhere_;
        this->~frame_waiter();
        c.release_block(this);
        if (is_elsewhere) {
            boost::asio::dispatch(std::move(frame));
        } else {
            std::move(frame)();
        }
    }

private:
    Handler frame_;
    const bool is_elsewhere_;  // the coroutine has an executor of its own
    ended<Result>& into_;
};

/// To be awaited: calls `begin` with the core and a waiter, and waits.
template <class Result, class Begin>
auto until_ended(const std::shared_ptr<core>& client, ended<Result>& into, Begin begin) {
    const auto suspended = [&client, &into, begin]<class Handler>(Handler&& frame) {
        const auto slot = frame.get_cancellation_slot();
        const bool is_elsewhere = frame.get_executor() != client->executor();
        auto* const who = make_waiter<frame_waiter<Result, std::decay_t<Handler>>>(
            *client, std::forward<Handler>(frame), is_elsewhere, into);
        if (slot.is_connected()) let_cancel(slot, client, *who);
        begin(*client, who);  // last: it may have ended by now, and with it the frame that we are in
    };
    return boost::asio::async_initiate<const boost::asio::deferred_t, void()>(suspended, boost::asio::deferred);
}

}  // namespace mqtt_as::detail
