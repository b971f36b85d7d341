// An io_context in a box.
#include "mqtt_as/asio/event_loop.hpp"

#include "src/asio/world.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace mqtt_as {

namespace asio = boost::asio;

event_loop::event_loop() : context_(std::make_unique<asio::io_context>(1)) {}
event_loop::~event_loop() = default;

void event_loop::run() {
    if (auto* const w = detail::world::of_this_thread) w->refuse_to_wait("event_loop::run");
    const auto waiting = asio::make_work_guard(*context_);
    context_->run();
    context_->restart();
}

void event_loop::run_for(std::chrono::milliseconds span) {
    if (auto* const w = detail::world::of_this_thread) w->refuse_to_wait("event_loop::run_for");
    const auto waiting = asio::make_work_guard(*context_);
    context_->run_for(span);
    context_->restart();
}

void event_loop::stop() { context_->stop(); }
void event_loop::post(std::function<void()> f) { asio::post(*context_, std::move(f)); }

void event_loop::after(std::chrono::milliseconds delay, std::function<void()> f) {
    auto timer = std::make_unique<asio::steady_timer>(*context_);
    auto& waiting = *timer;
    detail::alarm alarm(waiting, delay);
    waiting.async_wait(
        [timer = std::move(timer), alarm = std::move(alarm), f = std::move(f)](boost::system::error_code) { f(); });
}

}  // namespace mqtt_as
