// The coroutine forms of all asynchronous methods, compiled once.
#include "mqtt_as/asio/async.hpp"

#include <boost/asio/as_tuple.hpp>
#include <system_error>
#include <tuple>
#include <utility>

namespace mqtt_as {

using boost::asio::use_awaitable;

namespace {

/// Completes with the error and the result, and throws nothing.
constexpr auto quietly = boost::asio::as_tuple(use_awaitable);

/// Boost's code wraps a standard one, and only that has the number as we gave it.
errc error_of(const std::error_code& e) { return static_cast<errc>(e.value()); }

template <class Result>
outcome<Result> outcome_of(std::tuple<boost::system::error_code, Result>&& ended) {
    return {error_of(std::get<0>(ended)), std::move(std::get<1>(ended))};
}

}  // namespace

task<connect_result> MQTTClient::connect(connect_options options) { return connect(options, use_awaitable); }
task<publish_result> MQTTClient::publish(std::string_view topic, payload body, publish_options options) {
    return publish(topic, std::move(body), options, use_awaitable);
}
task<subscribe_result> MQTTClient::subscribe(std::string_view filter, int qos) {
    return subscribe(filter, qos, use_awaitable);
}
task<subscribe_result> MQTTClient::subscribe(std::string_view filter, subscribe_options options) {
    return subscribe(filter, options, use_awaitable);
}
task<unsubscribe_result> MQTTClient::unsubscribe(std::string_view filter, unsubscribe_options options) {
    return unsubscribe(filter, options, use_awaitable);
}
task<> MQTTClient::disconnect(disconnect_options options) { return disconnect(options, use_awaitable); }
task<bool> MQTTClient::broker_up() { return broker_up(use_awaitable); }

task<outcome<connect_result>> MQTTClient::connect(as_result_t) { return connect(connect_options{}, as_result); }
task<outcome<connect_result>> MQTTClient::connect(connect_options options, as_result_t) {
    co_return outcome_of(co_await connect(options, quietly));
}
task<outcome<publish_result>> MQTTClient::publish(std::string_view topic, payload body, as_result_t) {
    return publish(topic, std::move(body), publish_options{}, as_result);
}
task<outcome<publish_result>> MQTTClient::publish(std::string_view topic, payload body, publish_options options,
                                                  as_result_t) {
    co_return outcome_of(co_await publish(topic, std::move(body), options, quietly));
}
task<outcome<subscribe_result>> MQTTClient::subscribe(std::string_view filter, int qos, as_result_t) {
    return subscribe(filter, subscribe_options{.qos = qos_of(qos)}, as_result);
}
task<outcome<subscribe_result>> MQTTClient::subscribe(std::string_view filter, subscribe_options options, as_result_t) {
    co_return outcome_of(co_await subscribe(filter, options, quietly));
}
task<outcome<unsubscribe_result>> MQTTClient::unsubscribe(std::string_view filter, unsubscribe_options options,
                                                          as_result_t) {
    co_return outcome_of(co_await unsubscribe(filter, options, quietly));
}
task<outcome<void>> MQTTClient::disconnect(disconnect_options options, as_result_t) {
    const auto ended = co_await disconnect(options, quietly);
    co_return outcome<void>{error_of(std::get<0>(ended))};
}

task<> event_flag::wait() { return wait(use_awaitable); }
task<queued_message> message_queue::receive() { return receive(use_awaitable); }

}  // namespace mqtt_as
