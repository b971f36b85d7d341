// Puts the parts of the world together.
#include "tests/sim/world.hpp"

#include <utility>

namespace mqtt_as::sim {
namespace {

/// What an engine for boards, whose memory is one block of less than 64 KiB, can have of it.
void fit_on_board(limits& l) {
    l.operations_max = std::min(l.operations_max, std::uint32_t{30});
    l.payload_bytes_max = std::min(l.payload_bytes_max, std::size_t{20'000});
    l.subscriptions_max = 20;
    l.inbound_max = std::min(l.inbound_max, std::uint16_t{100});
    l.inbound_qos2_max = 200;
    l.packet_bytes_max = l.batch_bytes_max = 10'000;
}

/// What belongs together in client and broker is said once.
world_options completed(world_options o) {
    o.config.protocol = o.version == protocol_version::v5 ? &wire::v5 : &wire::v3_1_1;
    o.server.client_id = o.client_id;
    o.server.keep_alive = o.config.keepalive;
    o.pump.response_time = o.config.response_time;
    if (engine_is_for_boards) fit_on_board(o.limit);
    return o;
}

/// The engine borrows the configuration from here.
const world_options& named(world_options& o) {
    o.config.client_id = o.client_id;
    return o;
}

}  // namespace

world::world(const world_options& given)
    : random(given.seed), time(given.clock_start), court(time, given.is_verbose), truth(time, court, counts),
      server(time, random.split(), court, truth, counts, completed(given).server),
      net(time, random.split(), counts, server, given.net), options_(completed(given)),
      client(std::in_place, named(options_).config, options_.limit, memory, random.next()),
      pump(time, random.split(), court, story, counts, truth, net, *client, options_.pump, options_.limit,
           static_cast<std::uint8_t>(options_.version), options_.config.keepalive),
      app(time, random.split(), court, counts, truth, server, net, pump, *client, options_.limit) {
    truth.allow_session_lost_reports(options_.config.qos2_on_lost_session == qos2_policy::report);
    if (options_.version == protocol_version::v5) truth.allow_server_limits();
}

void world::restart(const world_options& next, bool cut) {
    story.add(time.now());
    net.abandon_current(cut);
    destroy_engine();
    truth.process_ended();
    options_ = completed(next);
    truth.allow_session_lost_reports(options_.config.qos2_on_lost_session == qos2_policy::report);
    server.client_died(net.current() + 1, options_.config.keepalive);
    net.set_options(options_.net);
    client.emplace(named(options_).config, options_.limit, memory, random.next());
    pump.begin_again(options_.pump, options_.limit, options_.config.keepalive);
    app.begin_again(options_.limit);
}

void world::run_for(std::uint64_t ms) {
    run_until([] { return false; }, ms);
}

void world::destroy_engine() {
    client.reset();
    if (memory.blocks() != 0) court.object("the engine kept " + std::to_string(memory.blocks()) + " blocks of memory");
    court.demand(memory.in_use() == 0, "blocks were given back with another size");
}

}  // namespace mqtt_as::sim
