// A program around one coroutine.
#include "mqtt_as/asio/run.hpp"

#include "mqtt_as/asio/async.hpp"
#include "src/asio/parts.hpp"
#include "src/asio/stop_signals.hpp"
#include "src/asio/world.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstdio>
#include <memory>
#include <utility>

namespace mqtt_as {

namespace asio = boost::asio;

namespace {

/// An event loop, a client, and what ends them.
class program {
public:
    explicit program(const config& given)
        : client_(loop_.get_executor(), given), executor_(loop_.get_executor()),
          signals_(executor_, [this](int number) { on_signal(number); }), patience_(detail::io_executor(&executor_)) {}

    int run(const std::function<task<>(MQTTClient&)>& main) {
        signals_.listen();
        detail::coroutines.spawn(
            executor_, detail::when_cancelled::once, [&] { return main(client_); }, cancel_.slot(),
            [this](std::exception_ptr thrown) { on_end(thrown); });
        loop_.run();
        return status_;
    }

private:
    void on_signal(int number) {
        if (std::exchange(is_cancelled_, true)) return loop_.stop();
        status_ = 128 + number;
        cancel_.emit(asio::cancellation_type::terminal);
        patience_.expires_after(disconnect_options().grace);
        patience_.async_wait(detail::wait_handler::calling<&program::on_patience_over>(detail::borrowed(*this)));
    }

    void on_patience_over(boost::system::error_code cancelled) {
        if (!cancelled) leave();
    }

    void on_end(std::exception_ptr thrown) {
        if (thrown && status_ == 0) {
            status_ = 1;
            try {
                std::rethrow_exception(thrown);
            } catch (const std::exception& e) {
                std::fprintf(stderr, "%s\n", e.what());
            } catch (...) {
                std::fprintf(stderr, "an exception that is not a std::exception\n");
            }
        }
        patience_.cancel();
        leave();
    }

    void leave() {
        client_.disconnect([this](std::error_code) { loop_.stop(); });
    }

    asio::io_context loop_{1};
    MQTTClient client_;
    const asio::any_io_executor executor_;
    asio::cancellation_signal cancel_;
    detail::stop_signals signals_;
    detail::steady_timer patience_;
    int status_ = 0;
    bool is_cancelled_ = false;
};

}  // namespace

int run(const config& given, std::function<task<>(MQTTClient&)> main) {
    if (auto* const w = detail::world::of_this_thread) w->refuse_to_wait("run(config, main)");
    return program(given).run(main);
}

task<> sleep_for(std::chrono::nanoseconds span) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const detail::alarm alarm(timer, span);
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error && !alarm.has_rung()) throw boost::system::system_error(error);
}

}  // namespace mqtt_as
