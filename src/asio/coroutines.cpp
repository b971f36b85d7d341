// The coroutine forms of all asynchronous methods, compiled once.
#include "mqtt_as/asio/async.hpp"

namespace mqtt_as {

using boost::asio::use_awaitable;

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
task<> event_flag::wait() { return wait(use_awaitable); }
task<queued_message> message_queue::receive() { return receive(use_awaitable); }

}  // namespace mqtt_as
