// MQTTClient and its parts: each call goes to the core.
#include "mqtt_as/asio/client.hpp"

#include "mqtt_as/asio/async.hpp"
#include "src/asio/core.hpp"

#include <boost/asio/io_context.hpp>
#include <cstdio>

namespace mqtt_as {

MQTTClient::MQTTClient(event_loop& loop, const config& c) : MQTTClient(loop.context().get_executor(), c) {}

MQTTClient::MQTTClient(const boost::asio::any_io_executor& executor, const config& c)
    : core_(std::make_shared<detail::core>(*this, executor, c)), up(core_, true), down(core_, false), queue(core_) {}

MQTTClient::~MQTTClient() { core_->let_go(); }

bool MQTTClient::isconnected() const noexcept { return core_->is_connected(); }
bool MQTTClient::acknowledge(delivery d) { return core_->acknowledge(d); }
void MQTTClient::close() { core_->close(); }
explanation MQTTClient::explain() const { return core_->explain(); }
statistics MQTTClient::count() const { return core_->count(); }
const std::string& MQTTClient::client_id() const noexcept { return core_->configured().client_id(); }
boost::asio::any_io_executor MQTTClient::get_executor() const { return core_->executor(); }

void MQTTClient::dprint(std::string_view line) {
    if (const auto& elsewhere = core_->configured().keys().dprint) return elsewhere(line);
    if (DEBUG) std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
}

bool event_flag::is_set() const { return core_->flag(up_); }
void event_flag::set() { core_->set_flag(up_); }
void event_flag::clear() { core_->clear_flag(up_); }

std::optional<queued_message> message_queue::try_receive() { return core_->try_receive(); }
std::size_t message_queue::size() const { return core_->queue_size(); }
std::size_t message_queue::capacity() const { return core_->configured().keys().queue_len; }
std::uint64_t message_queue::discards() const { return core_->discards(); }

namespace detail {

void connect_operation::begin(core& c, result_waiter<connect_result>* who) { c.connect(options, who); }
void publish_operation::begin(core& c, result_waiter<publish_result>* who) { c.publish(topic, body, options, who); }
void begin_publish(core& c, std::string_view topic, payload& body, const publish_options& options,
                   result_waiter<publish_result>* who) {
    c.publish(topic, body, options, who);
}
void subscribe_operation::begin(core& c, result_waiter<subscribe_result>* who) { c.subscribe(filter, options, who); }
void unsubscribe_operation::begin(core& c, result_waiter<unsubscribe_result>* who) {
    c.unsubscribe(filter, options, who);
}
void disconnect_operation::begin(core& c, result_waiter<void>* who) { c.disconnect(options, who); }
void broker_up_operation::begin(core& c, result_waiter<bool>* who) { c.broker_up(who); }
void receive_operation::begin(core& c, result_waiter<queued_message>* who) { c.receive(who); }
void wait_operation::begin(core& c, result_waiter<void>* who) { c.wait(up, who); }

void* acquire_block(core& c) { return c.acquire_block(); }
void release_block(core& c, void* memory) noexcept { c.release_block(memory); }
const boost::asio::any_io_executor& executor_of(const core& c) noexcept { return c.executor(); }

}  // namespace detail

}  // namespace mqtt_as
