// The names of Asio that the public headers mention, declared without including Asio.
#pragma once

namespace boost::asio {
class any_io_executor;
class io_context;
template <typename T, typename Executor>
class awaitable;
}  // namespace boost::asio

namespace mqtt_as {

/// A coroutine of ours. Complete, and thus usable, with `mqtt_as/asio/async.hpp`.
template <class T = void>
using task = boost::asio::awaitable<T, boost::asio::any_io_executor>;

class MQTTClient;

}  // namespace mqtt_as
