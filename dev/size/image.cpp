// A program that calls every function of the engine but `look`, which is for explaining: what a board does not ask for
// costs nothing. It is never run.
#include <mqtt_as/board_memory.hpp>
#include <mqtt_as/engine.hpp>

namespace {

struct board_memory final : mqtt_as::memory_source {
    void* allocate(std::size_t) noexcept override { return nullptr; }
    void deallocate(void*, std::size_t) noexcept override {}
};

}  // namespace

int main() {
    board_memory memory;
    mqtt_as::engine_config config;
    config.protocol = &mqtt_as::wire::v3_1_1;
#if WITH_V5
    const volatile bool chosen = true;  // the compiler must not know which version it is
    if (chosen) config.protocol = &mqtt_as::wire::v5;
#endif
    const mqtt_as::limits limits = mqtt_as::small_board_limits;
    if (check(config, limits) != mqtt_as::errc::ok) return 1;

    mqtt_as::engine engine{config, limits, memory, 1};
    const mqtt_as::time_point now{};
    const mqtt_as::epoch epoch{};
    std::uint8_t received[2]{};
    mqtt_as::bytes gather[2];

    engine.start(now, true);
    engine.on_link(now, true);
    engine.on_stage(now, epoch, mqtt_as::stage::connect);
    engine.on_opened(now, epoch);
    const auto published = engine.publish(now, {.topic = "topic", .payload = received, .qos = 2});
    engine.subscribe(now, {.filter = "topic", .qos = 2});
    engine.unsubscribe(now, {.filter = "topic"});
    engine.cancel(now, published.id, mqtt_as::cancel_scope::end_wait);
    engine.ping(now);
    while (engine.poll_command() || engine.poll_done() || engine.poll_event() || engine.deadline()) engine.on_time(now);
    if (engine.wants_bytes()) engine.on_bytes(now, epoch, received);
    engine.on_sent(now, epoch, engine.poll_transmit(now, gather));
    engine.on_peer_progress(now, epoch);
    engine.acknowledge(now, 1);
    engine.disown(published.id);
    engine.on_closed(now, epoch, mqtt_as::errc::connection_closed, 0);
    engine.stop(now, mqtt_as::duration{1});
    engine.close(now);
    return engine.is_online() || engine.count().outages || engine.last_received() == now;
}
