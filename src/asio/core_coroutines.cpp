// Handlers that are coroutines, as a part of the library that programs without them do not link.
#include "src/asio/core.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace mqtt_as::detail {

namespace {

task<> run(when_cancelled how, std::function<std::optional<task<>>()> main,
           std::function<void(std::exception_ptr)> ended) {
    std::exception_ptr thrown;
    try {
        if (how == when_cancelled::once) co_await boost::asio::this_coro::throw_if_cancelled(false);
        if (auto called = main()) co_await std::move(*called);
    } catch (...) {
        thrown = std::current_exception();
    }
    ended(std::move(thrown));
}

/// What is thrown is caught in there: a handler of our own for it would be another type for Asio to make its code of.
void spawn(const boost::asio::any_io_executor& executor, when_cancelled how,
           std::function<std::optional<task<>>()> main, boost::asio::cancellation_slot slot,
           std::function<void(std::exception_ptr)> ended) {
    boost::asio::co_spawn(executor, run(how, std::move(main), std::move(ended)),
                          boost::asio::bind_cancellation_slot(slot, boost::asio::detached));
}

}  // namespace

const coroutine_code coroutines{
    .spawn = &spawn, .start_wifi_coro = &core::spawn_wifi_coro, .start_connect_coro = &core::spawn_connect_coro};

void core::spawn_wifi_coro(bool up) {
    spawn(
        executor_, when_cancelled::always,
        [self = shared_from_this(), up] { return (*self->settings_.keys().wifi_coro.coroutine())(up); }, {},
        [self = shared_from_this()](std::exception_ptr thrown) {
            if (thrown) self->report(thrown, "wifi_coro");
        });
}

void core::spawn_connect_coro() {
    if (connect_coro_runs_) {
        connect_coro_again_ = true;
        return;
    }
    connect_coro_runs_ = true;
    connect_coro_cancelled_ = false;
    spawn(
        executor_, when_cancelled::always,
        [self = shared_from_this()]() -> std::optional<task<>> {
            MQTTClient* const client = self->client_;
            if (client == nullptr) return std::nullopt;
            return (*self->settings_.keys().connect_coro.coroutine())(*client);
        },
        connect_coro_cancel_.slot(),
        [self = shared_from_this()](std::exception_ptr thrown) { self->connect_coro_ended(thrown); });
}

void core::connect_coro_ended(std::exception_ptr thrown) {
    connect_coro_runs_ = false;
    // That it ended because we ended it is nobody's fault.
    if (thrown && !connect_coro_cancelled_ && !closed_) report(thrown, "connect_coro");
    if (std::exchange(connect_coro_again_, false) && is_connected()) start_connect_coro();
}

}  // namespace mqtt_as::detail
