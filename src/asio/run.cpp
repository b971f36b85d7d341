// A program around one coroutine.
#include "mqtt_as/asio/run.hpp"

#include "mqtt_as/asio/async.hpp"
#include "src/asio/parts.hpp"
#include "src/asio/world.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <csignal>
#include <cstdio>
#include <utility>

namespace mqtt_as {

namespace asio = boost::asio;

namespace {

/// A signal ends what is awaited at that moment. What is awaited later is awaited as ever: a coroutine that catches
/// everything and goes on would otherwise spin, and one that has something to say before it ends could not.
task<> cancelled_once(const std::function<task<>(MQTTClient&)>& main, MQTTClient& client) {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await main(client);
}

}  // namespace

int run(const config& given, std::function<task<>(MQTTClient&)> main) {
    asio::io_context loop(1);
    MQTTClient client(loop.get_executor(), given);
    asio::signal_set signals(loop, SIGINT, SIGTERM);
    asio::cancellation_signal cancel;
    asio::steady_timer patience(loop);
    int status = 0;
    const auto leave = [&] { client.disconnect([&loop](std::error_code) { loop.stop(); }); };

    signals.async_wait([&](boost::system::error_code error, int number) {
        if (error) return;
        status = 128 + number;
        signals.async_wait([&loop](boost::system::error_code, int) { loop.stop(); });
        cancel.emit(asio::cancellation_type::terminal);
        patience.expires_after(disconnect_options().grace);
        patience.async_wait([&](boost::system::error_code cancelled) {
            if (!cancelled) leave();
        });
    });
    const auto ended = [&](std::exception_ptr thrown) {
        if (thrown && status == 0) {
            status = 1;
            try {
                std::rethrow_exception(thrown);
            } catch (const std::exception& e) {
                std::fprintf(stderr, "%s\n", e.what());
            } catch (...) {
                std::fprintf(stderr, "an exception that is not a std::exception\n");
            }
        }
        patience.cancel();
        leave();
    };
    detail::coroutines.spawn(client.get_executor(), [&] { return cancelled_once(main, client); }, cancel.slot(), ended);
    loop.run();
    return status;
}

task<> sleep_for(std::chrono::nanoseconds span) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const detail::alarm alarm(timer, span);
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error && !alarm.has_rung()) throw boost::system::system_error(error);
}

}  // namespace mqtt_as
