// Running coroutines, as a part of the library that programs without them do not link.
#include "src/asio/parts.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <utility>

namespace mqtt_as::detail {

namespace {

task<> run(std::function<std::optional<task<>>()> main) {
    if (auto called = main()) co_await std::move(*called);
}

void spawn(const boost::asio::any_io_executor& executor, std::function<std::optional<task<>>()> main,
           boost::asio::cancellation_slot slot, std::function<void(std::exception_ptr)> ended) {
    boost::asio::co_spawn(executor, run(std::move(main)), boost::asio::bind_cancellation_slot(slot, std::move(ended)));
}

}  // namespace

const coroutine_code coroutines{.spawn = &spawn};

}  // namespace mqtt_as::detail
