// A timer that asks. A run of the doctor is short, and what it waits for comes from threads, callbacks and a client
// that tells nobody how far it has got.
#include "tools/mqtt-as/wait.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mqtt_as::cli {

task<bool> until(clock::time_point deadline, std::function<bool()> condition) {
    boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
    while (!condition()) {
        if (clock::now() >= deadline) co_return false;
        pause.expires_after(std::chrono::milliseconds(2));
        co_await pause.async_wait(boost::asio::use_awaitable);
    }
    co_return true;
}

}  // namespace mqtt_as::cli
