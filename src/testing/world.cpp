// Time that passes when nothing else happens, and the parts put together.
#include "mqtt_as/testing/world.hpp"

#include "mqtt_as/properties.hpp"
#include "mqtt_as/topic.hpp"
#include "src/asio/world.hpp"
#include "src/testing/net.hpp"
#include "src/testing/server.hpp"
#include "tests/sim/packet.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace mqtt_as::testing {

namespace {

/// Handlers that may run at one moment of the world: an application that is still busy then never rests.
constexpr int busy_max = 100'000;
constexpr std::uint32_t clock_start = 0xFFFF'0000;  // the engine's clock wraps after a minute

// A test that asks for what cannot be would pass or fail for the wrong reason.
void expect(bool is_right, const std::string& what) {
    if (!is_right) throw std::invalid_argument("mqtt_as::testing: " + what);
}

void expect_filter(std::string_view filter) {
    expect(is_topic_filter(filter), "'" + std::string(filter) + "' is not a topic filter");
}

void expect_topic(std::string_view topic, const char* wanted_for) {
    expect(is_topic_name(topic), "'" + std::string(topic) + "' is not a topic " + wanted_for);
}

void expect_span(std::chrono::milliseconds span, const std::string& what) {
    expect(span.count() >= 0, what + " is not negative, as " + std::to_string(span.count()) + " ms is");
}

void expect_packet(toward to, packet_type type) {
    expect(chaos::goes(type, to), std::string("no ") + std::string(chaos::name_of(type)) + " goes toward the " +
                                      (to == toward::client ? "client" : "broker") + ": ask for the other side");
}

}  // namespace

/// What the thread's clients see of the world.
class world_parts final : public detail::world {
public:
    explicit world_parts(std::uint64_t seed) : random(seed) {
        if (of_this_thread != nullptr) throw std::logic_error("mqtt_as::testing: this thread has a world already");
        of_this_thread = this;
        network.accepted = [this](connection_id id) { broker.accepted(id); };
        network.received = [this](connection_id id, std::string_view bytes) { broker.received(id, bytes); };
        network.lost = [this](connection_id id) { broker.lost(id); };
        broker.send = [this](connection_id id, std::string bytes) { network.send(id, std::move(bytes)); };
        broker.set_dead = [this](bool dead) {
            network.refuse(dead);
            if (dead) network.reset({});
        };
        broker.soon = [this](std::function<void()> f) { soon(std::move(f)); };
        broker.hang_up = [this](connection_id id) { network.hang_up(id); };
    }
    ~world_parts() {
        loop.reset();  // what waits in it may still stop its alarms
        of_this_thread = nullptr;
    }
    world_parts(const world_parts&) = delete;
    world_parts& operator=(const world_parts&) = delete;

    void expect_own(const boost::asio::any_io_executor& executor) override {
        if (&executor.context() != &loop->context())
            throw std::logic_error(
                "mqtt_as::testing: this client is not of world.loop(), whose time alone passes: make it of "
                "world.loop(), or of world.loop().context()");
    }
    void refuse_to_wait(const char* what) override {
        throw std::logic_error(std::string("mqtt_as::testing: ") + what +
                               " would wait in real time, in which nothing happens in a world: make the client of "
                               "world.loop(), start the coroutine by world.start, and let time pass by world.run_for");
    }

    void fails(std::exception_ptr thrown) noexcept override {
        if (!failure) failure = std::move(thrown);
    }

    time_point now() const noexcept override { return time.engine_time(); }
    std::uint64_t draw() override { return random.next(); }
    std::uint64_t set_alarm(std::chrono::nanoseconds span, std::function<void()> ring) override {
        const auto ms = std::chrono::ceil<std::chrono::milliseconds>(span).count();
        const std::uint64_t id = ++last_alarm;
        alarms.emplace(id, std::move(ring));
        auto look = [this, id] {
            const auto at = alarms.find(id);
            if (at == alarms.end()) return;
            const auto due = std::move(at->second);
            alarms.erase(at);
            due();
        };
        if (ms > 0)
            time.after(static_cast<std::uint64_t>(ms), std::move(look));
        else
            soon(std::move(look));
        return id;
    }
    void stop_alarm(std::uint64_t id) noexcept override { alarms.erase(id); }
    std::shared_ptr<detail::transport> make_transport(const boost::asio::any_io_executor& executor, epoch e,
                                                      const std::string& server_name,
                                                      std::shared_ptr<detail::transport_events> owner) override {
        return std::make_shared<virtual_transport>(network, executor, e, server_name, std::move(owner));
    }
    std::unique_ptr<detail::link> make_link(const boost::asio::any_io_executor& executor,
                                            std::weak_ptr<detail::link_events> listener) override {
        return std::make_unique<virtual_link>(network, executor, std::move(listener));
    }

    /// Everything that can happen at this moment.
    void settle() {
        auto& context = loop->context();
        for (int n = 0; n < busy_max; ++n) {
            context.restart();
            if (context.poll_one() == 0) return;
            throw_failure();
        }
        never_rests();
    }

    /// At this moment, after what is arranged already. What one such call arranges is one of the handlers that may run
    /// until time passes; what the test arranges beforehand is as much as it likes.
    void soon(std::function<void()> f) {
        time.after(0, [this, f = std::move(f), counts = is_running] {
            if (time.now() != busy_at) busy = 0;
            busy_at = time.now();
            if (counts && ++busy > busy_max) never_rests();
            f();
        });
    }

    [[noreturn]] void never_rests() {
        busy = 0;
        throw std::runtime_error("mqtt_as::testing: 100,000 handlers have run and no time has passed");
    }

    void throw_failure() {
        if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
    }

    std::exception_ptr failure;  // the first that nobody has been told of
    bool is_running = false;     // time passes: not the test calls
    int busy = 0;                // handlers of `soon` at `busy_at`
    sim::moment busy_at = 0;

    sim::schedule time{clock_start};
    sim::random_source random;
    std::map<std::uint64_t, std::function<void()>> alarms;
    std::uint64_t last_alarm = 0;
    net network{time};
    server broker{time};
    std::optional<event_loop> loop{std::in_place};
};

world::world(std::uint64_t seed)
    : parts_(std::make_unique<world_parts>(seed)), network(parts_->network), broker(parts_->broker) {}

world::~world() = default;

event_loop& world::loop() { return *parts_->loop; }

config world::settings(std::string client_id) const {
    config c;
    c.client_id = std::move(client_id);
    c.server = "broker.test";
    c.clean_init = c.clean = false;
    return c;
}

std::chrono::milliseconds world::now() const { return std::chrono::milliseconds(parts_->time.now()); }

void world::run_for(std::chrono::milliseconds span) {
    run_until([] { return false; }, span);
}

void world::after(std::chrono::milliseconds span, std::function<void()> f) {
    expect_span(span, "a span of time");
    loop().after(span, std::move(f));
}

bool world::run_until(const std::function<bool()>& holds, std::chrono::milliseconds limit) {
    expect_span(limit, "a span of time");
    struct running {
        explicit running(bool& f) : flag(f), before(f) { flag = true; }
        ~running() { flag = before; }
        running(const running&) = delete;
        running& operator=(const running&) = delete;
        bool& flag;
        const bool before;
    } const now(parts_->is_running);
    const sim::moment end = parts_->time.now() + static_cast<std::uint64_t>(limit.count());
    parts_->throw_failure();  // of what the test did meanwhile
    for (;;) {
        parts_->settle();
        if (holds()) return true;
        if (!parts_->time.step(end)) {
            parts_->settle();
            return holds();
        }
    }
}

// ---- virtual_network ----------------------------------------------------------------------------

void virtual_network::reset(std::string_view client) { net_.reset(client); }
void virtual_network::finish(std::string_view client) { net_.finish(client); }
void virtual_network::refuse() { net_.refuse(true); }
void virtual_network::accept() { net_.refuse(false); }
void virtual_network::fail_resolving(bool fails) { net_.fail_resolving(fails); }
void virtual_network::half_open(std::string_view client, silence how) { net_.half_open(client, how); }
void virtual_network::stall(std::string_view client) { net_.stall(client); }
void virtual_network::heal(std::string_view client) { net_.heal(client); }
void virtual_network::take_link_down(std::string_view why) { net_.set_link(false, why); }
void virtual_network::bring_link_up() { net_.set_link(true, {}); }
void virtual_network::set_path(std::string_view client, const path& how) {
    expect_span(how.delay, "a `delay`");
    net_.set_path(client, how);
}
virtual_network::rule_id virtual_network::add(const rule& what) {
    const std::string fault = chaos::fault_in(what);
    expect(fault.empty(), fault);
    return net_.rules.add(what);
}
unsigned virtual_network::applied(rule_id id) const { return net_.rules.at(id).applied; }
void virtual_network::remove(rule_id id) { net_.rules.remove(id); }
void virtual_network::release(rule_id id) { net_.rules.release(id); }
std::size_t virtual_network::passed(toward to, packet_type type, std::string_view client) const {
    expect_packet(to, type);
    return net_.rules.passed(to, type, client);
}
std::size_t virtual_network::open_connections(std::string_view client) const { return net_.open_connections(client); }

// ---- virtual_broker -----------------------------------------------------------------------------

const std::vector<message>& virtual_broker::received() const { return server_.messages; }

std::vector<std::string> virtual_broker::texts(std::string_view filter) const {
    expect_filter(filter);
    std::vector<std::string> all;
    for (const message& each : server_.messages) {
        if (sim::filter_matches(filter, each.topic)) all.push_back(each.text);
    }
    return all;
}

std::optional<std::string> virtual_broker::retained(std::string_view topic) const {
    expect_topic(topic, "that a message is retained for: ask for one topic");
    return server_.retained(topic);
}
bool virtual_broker::is_connected(std::string_view client) const { return server_.is_connected(client); }
bool virtual_broker::has_session(std::string_view client) const { return server_.has_session(client); }
bool virtual_broker::is_subscribed(std::string_view client, std::string_view filter) const {
    expect_filter(filter);
    return server_.is_subscribed(client, filter);
}
std::size_t virtual_broker::accepted() const { return server_.connects; }
const std::vector<std::string>& virtual_broker::violations() const { return server_.violations; }

void virtual_broker::publish(std::string_view topic, std::string_view text, message_options options) {
    expect_topic(topic, "to publish to");
    expect(options.qos <= 2, "there is no qos " + std::to_string(options.qos));
    const std::int64_t expiry = options.expiry.count();
    expect(expiry >= 0 && expiry <= UINT32_MAX,
           "a message cannot expire in " + std::to_string(expiry) + " s: 1 to 4294967295, or 0 for never");
    sim::props properties;
    if (expiry > 0)
        properties.push_back({.id = static_cast<std::uint8_t>(property_id::message_expiry_interval),
                              .number = static_cast<std::uint32_t>(expiry)});
    server_.publish({.client = {},
                     .topic = std::string(topic),
                     .text = std::string(text),
                     .qos = options.qos,
                     .retain = options.retain},
                    std::move(properties));
}
void virtual_broker::on_message(std::string_view filter, std::function<void(const message&)> f) {
    expect_filter(filter);
    server_.on_message(std::string(filter), std::move(f));
}

void virtual_broker::kill() { server_.set_dead(true); }
void virtual_broker::start() { server_.set_dead(false); }
void virtual_broker::forget_sessions() { server_.forget_sessions(); }
void virtual_broker::refuse_connections(std::uint8_t code) {
    expect(code <= 5 || code >= 0x80, "no CONNACK has the code " + std::to_string(code) + ": 0 to 5, or 128 and more");
    server_.refusal = code;
}
void virtual_broker::refuse_subscription(std::string_view filter, bool refused) {
    expect_filter(filter);
    if (refused)
        server_.refused_filters.emplace(filter);
    else
        server_.refused_filters.erase(std::string(filter));
}
void virtual_broker::set_limits(const broker_limits& limits) {
    expect(limits.maximum_qos <= 2,
           "there is no qos " + std::to_string(limits.maximum_qos) + ": `maximum_qos` is 0, 1 or 2");
    expect(limits.receive_maximum > 0, "a `receive_maximum` of 0 is a protocol error: 1 or more");
    server_.limits = limits;
}

}  // namespace mqtt_as::testing
