// The coroutine forms of all asynchronous methods, compiled once.
#include "src/asio/awaited.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <utility>

namespace mqtt_as {

using detail::core;
using detail::ended;
using detail::until_ended;

task<connect_result> MQTTClient::connect(connect_options options) {
    ended<connect_result> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.connect(options, who); });
    co_return std::move(e).or_throw("connect");
}
task<outcome<connect_result>> MQTTClient::connect(connect_options options, as_result_t) {
    ended<connect_result> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.connect(options, who); });
    co_return std::move(e).quietly();
}
task<publish_result> MQTTClient::publish(std::string_view topic, payload body, publish_options options) {
    ended<publish_result> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.publish(topic, body, options, who); });
    co_return std::move(e).or_throw("publish");
}
task<outcome<publish_result>> MQTTClient::publish(std::string_view topic, payload body, publish_options options,
                                                  as_result_t) {
    ended<publish_result> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.publish(topic, body, options, who); });
    co_return std::move(e).quietly();
}
task<subscribe_result> MQTTClient::subscribe(std::string_view filter, subscribe_options options) {
    ended<subscribe_result> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.subscribe(filter, options, who); });
    co_return std::move(e).or_throw("subscribe");
}
task<outcome<subscribe_result>> MQTTClient::subscribe(std::string_view filter, subscribe_options options, as_result_t) {
    ended<subscribe_result> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.subscribe(filter, options, who); });
    co_return std::move(e).quietly();
}
task<unsubscribe_result> MQTTClient::unsubscribe(std::string_view filter, unsubscribe_options options) {
    ended<unsubscribe_result> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.unsubscribe(filter, options, who); });
    co_return std::move(e).or_throw("unsubscribe");
}
task<outcome<unsubscribe_result>> MQTTClient::unsubscribe(std::string_view filter, unsubscribe_options options,
                                                          as_result_t) {
    ended<unsubscribe_result> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.unsubscribe(filter, options, who); });
    co_return std::move(e).quietly();
}
task<> MQTTClient::disconnect(disconnect_options options) {
    ended<void> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.disconnect(options, who); });
    co_return std::move(e).or_throw("disconnect");
}
task<outcome<void>> MQTTClient::disconnect(disconnect_options options, as_result_t) {
    ended<void> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.disconnect(options, who); });
    co_return std::move(e).quietly();
}
task<bool> MQTTClient::broker_up() {
    ended<bool> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.broker_up(who); });
    co_return std::move(e).or_throw("broker_up");
}
task<> event_flag::wait() {
    ended<void> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.wait(up_, who); });
    co_return std::move(e).or_throw("wait");
}
task<queued_message> message_queue::receive() {
    ended<queued_message> e;
    co_await until_ended(core_, e, [&](core& c, auto* who) { c.receive(who); });
    co_return std::move(e).or_throw("receive");
}

// The same with fewer arguments.
task<subscribe_result> MQTTClient::subscribe(std::string_view filter, int qos) {
    return subscribe(filter, subscribe_options{.qos = qos});
}
task<outcome<connect_result>> MQTTClient::connect(as_result_t) { return connect(connect_options{}, as_result); }
task<outcome<publish_result>> MQTTClient::publish(std::string_view topic, payload body, as_result_t) {
    return publish(topic, std::move(body), publish_options{}, as_result);
}
task<outcome<subscribe_result>> MQTTClient::subscribe(std::string_view filter, int qos, as_result_t) {
    return subscribe(filter, subscribe_options{.qos = qos}, as_result);
}

namespace detail {

namespace {

/// Sits in a cancellation slot. Names the waiter instead of holding it, so that it may come too late.
struct canceller {
    std::weak_ptr<core> target;
    waiter* who;
    std::uint64_t ticket;

    void operator()(boost::asio::cancellation_type type) const {
        using boost::asio::cancellation_type;
        if (const auto c = target.lock(); c && type != cancellation_type::none) {
            const bool ends_wait =
                (type & (cancellation_type::terminal | cancellation_type::partial)) != cancellation_type::none;
            c->cancel(who, ticket, ends_wait ? cancel_scope::end_wait : cancel_scope::if_untouched);
        }
    }
};

}  // namespace

void let_cancel(boost::asio::cancellation_slot slot, const std::shared_ptr<core>& c, waiter& who) {
    slot.emplace<canceller>(c, &who, c->new_ticket(who));
}

}  // namespace detail

}  // namespace mqtt_as
