// An event loop for programs that do not use Asio themselves.
#pragma once

#include "mqtt_as/asio/task.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace mqtt_as {

/// Owns a boost::asio::io_context. Clients of it run their callbacks inside `run()`, and must be gone before it is.
class event_loop {
public:
    event_loop();
    ~event_loop();
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;

    /// Runs callbacks until `stop()`, also while there is nothing to wait for. Call it from one thread.
    void run();
    /// As `run()`, for at most this long.
    void run_for(std::chrono::milliseconds);
    /// Makes `run()` return soon; if it is not running, then the next one. Any thread.
    void stop();
    /// Calls `f` inside `run()`. Any thread.
    void post(std::function<void()> f);
    /// Calls `f` inside `run()`, after `delay`. Any thread.
    void after(std::chrono::milliseconds delay, std::function<void()> f);

    /// For those who do use Asio, and include <boost/asio/io_context.hpp>.
    boost::asio::io_context& context() noexcept { return *context_; }

private:
    std::unique_ptr<boost::asio::io_context> context_;
};

}  // namespace mqtt_as
