// A message, or none in time. Apart, so that only those who ask for it link what races two operations.
#include "mqtt_as/asio/async.hpp"
#include "mqtt_as/asio/client.hpp"
#include "src/asio/world.hpp"

#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <system_error>
#include <utility>

namespace mqtt_as {

namespace asio = boost::asio;

task<std::optional<queued_message>> message_queue::receive_for(std::chrono::milliseconds span) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const detail::alarm alarm(timer, span);
    // Whoever comes second is cancelled, and tells all the same how it ended: a message that was taken is not lost.
    auto [order, error, message, timer_error] =
        co_await asio::experimental::make_parallel_group(
            [this](auto token) { return receive(std::move(token)); },
            [&timer](auto token) { return timer.async_wait(std::move(token)); })
            .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    if (!error) co_return std::move(message);
    if (!timer_error || alarm.has_rung()) co_return std::nullopt;
    const std::error_code ours = error;
    std::rethrow_exception(detail::make_exception("receive", static_cast<errc>(ours.value())));
}

}  // namespace mqtt_as
