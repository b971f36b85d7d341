// One client, bytes in, bytes out.
#include "tests/conformance/client.hpp"

namespace engine_tests {

// ---- bytes of a server ----------------------------------------------------------------------------

std::string conformance::incoming(std::string_view first, std::string_view id, std::string_view payload,
                                  std::string_view properties) const {
    const std::string length = w.is_v5() ? packet("", properties) : "";
    return packet(first, "00 01 74 " + std::string(id) + length + hex(payload));
}

std::string conformance::answer(std::string_view first, std::string_view id, std::string_view codes) const {
    return packet(first, std::string(id) + w.none() + std::string(codes));
}

// ---- what is done ---------------------------------------------------------------------------------

void conformance::keep_session() {
    w.config.clean_init = false;
    w.config.clean = false;
}

std::string conformance::publish(std::uint8_t qos) {
    w.publish("t", "x", qos);
    w.forget_sent();
    return u16(w.last_id());
}

std::string conformance::subscribe(std::string_view filter, std::uint8_t qos) {
    w.subscribe(filter, qos);
    w.forget_sent();
    return u16(w.last_id());
}

std::string conformance::unsubscribe(std::string_view filter) {
    w.unsubscribe(filter);
    w.forget_sent();
    return u16(w.last_id());
}

std::string conformance::reconnect(bool session_present, std::string_view connack_properties) {
    w.lose();
    w.await_attempt();
    w.open();
    w.forget_sent();
    w.accept(session_present, connack_properties);
    w.events();
    return w.sent();
}

std::string conformance::connect() const {
    world client(version_);
    like_ours(client);
    client.start();
    client.open();
    return client.sent();
}

void conformance::like_ours(world& client) const {
    client.config = w.config;
    client.bounds = w.bounds;
}

// ---- what is demanded -----------------------------------------------------------------------------

void conformance::holds(bool truth, std::string_view what) {
    demands_.count();
    EXPECT_TRUE(truth) << what;
}

void conformance::sends(world& client, std::string_view packets) {
    demands_.count();
    EXPECT_EQ(client.sent(), packets);
}

void conformance::tells(world& client, std::string_view events) {
    demands_.count();
    EXPECT_EQ(client.events(), events);
}

void conformance::reports(int operation, std::string_view text) {
    demands_.count();
    EXPECT_EQ(w.report(operation), text);
}

void conformance::is_closed(world& client, std::string_view code) {
    sends(client, client.is_v5() ? "e0 01 " + std::string(code) : "");
    EXPECT_EQ(client.closes, 1u);
    EXPECT_FALSE(client->is_online());
    const std::string told = client.events();
    EXPECT_EQ(told.find("disconnected protocol_violation at "), 0u) << told;
    EXPECT_EQ(told.find("message"), std::string::npos) << told;
}

void conformance::closes_at(std::initializer_list<std::string> received, std::string_view code) {
    for (const std::string& each : received) {
        SCOPED_TRACE(each);
        world client(version_);
        like_ours(client);
        client.go_online();
        client.feed(each);
        is_closed(client, code);
    }
}

void conformance::closes_before_connack_at(std::initializer_list<std::string> received, std::string_view code) {
    for (const std::string& each : received) {
        SCOPED_TRACE(each);
        world client(version_);
        like_ours(client);
        client.start();
        client.open();
        client.forget_sent();
        client.feed(each);
        is_closed(client, code);
    }
}

void conformance::delivers(std::string_view received, std::string_view message) {
    w.feed(received);
    tells(message);
    stays_online();
}

void conformance::refuses(errc why, const publish_request& request) {
    demands_.count();
    EXPECT_EQ(w.publish(request), 0);
    EXPECT_EQ(name(w.last_error), name(why));
    EXPECT_EQ(w.sent(), "");
}

void conformance::refuses(errc why, const subscription& request) {
    demands_.count();
    EXPECT_EQ(w.subscribe(request), 0);
    EXPECT_EQ(name(w.last_error), name(why));
    EXPECT_EQ(w.sent(), "");
}

void conformance::refuses_unsubscribe(errc why, const unsubscription& request) {
    demands_.count();
    EXPECT_EQ(w.eng().unsubscribe(w.now, request).error, why) << name(why);
    EXPECT_EQ(w.sent(), "");
}

void conformance::refuses_config(errc why, const std::function<void(engine_config&)>& change) {
    demands_.count();
    engine_config changed = w.config;
    change(changed);
    EXPECT_EQ(check(changed, w.bounds), why) << name(why);
}

}  // namespace engine_tests
