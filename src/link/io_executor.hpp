// The executor of a client as its sockets, timers and waits have it: a pointer. Asio copies the executor into each of
// them and into each of their waits, and an any_io_executor has 56 bytes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/wait_traits.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <memory>
#include <utility>

namespace mqtt_as::detail {

/// Shares the life of whatever the executor is a member of.
using executor_handle = std::shared_ptr<const boost::asio::any_io_executor>;

/// Borrows an any_io_executor. Every handler that waits with it keeps that alive until it has run.
class io_executor {
public:
    /// A pointer, not a reference: a copy must not look like a conversion from an any_io_executor.
    explicit io_executor(const boost::asio::any_io_executor* borrowed) noexcept : borrowed_(borrowed) {}

    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return boost::asio::query(*borrowed_, boost::asio::execution::context);
    }
    /// `f` may be the last to keep what is borrowed: so a copy runs it.
    template <class F>
    void execute(F&& f) const {
        if (const auto* plain = borrowed_->target<boost::asio::io_context::executor_type>()) {
            const auto kept = *plain;
            kept.execute(std::forward<F>(f));  // at once, for it is the loop's own thread
        } else {
            const auto kept = *borrowed_;
            kept.execute(std::forward<F>(f));
        }
    }
    friend bool operator==(io_executor, io_executor) noexcept = default;

private:
    const boost::asio::any_io_executor* borrowed_;
};

/// Of what lives until its event loop ends, without a share in its life.
template <class T>
std::shared_ptr<T> borrowed(T& from) {
    return {std::shared_ptr<void>(), &from};
}

/// What runs when a wait is over. One type for all waits: each type of handler has Asio make a kilobyte and a half of
/// code of its own.
class wait_handler {
public:
    void operator()(boost::system::error_code error) const { told_(who_.get(), error); }

    /// Calls `member` of `who`, which lives until then.
    template <auto member, class Who>
    static wait_handler calling(std::shared_ptr<Who> who) {
        return {std::move(who),
                [](void* to, boost::system::error_code error) { (static_cast<Who*>(to)->*member)(error); }};
    }

private:
    using told = void (*)(void* who, boost::system::error_code);
    wait_handler(std::shared_ptr<void> who, told how) : who_(std::move(who)), told_(how) {}

    std::shared_ptr<void> who_;
    told told_;
};

using steady_timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                      io_executor>;
using stream_protocol = boost::asio::generic::stream_protocol;
using stream_endpoint = stream_protocol::endpoint;
using stream_socket = boost::asio::basic_stream_socket<stream_protocol, io_executor>;

}  // namespace mqtt_as::detail
