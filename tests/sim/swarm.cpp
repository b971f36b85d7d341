// Draws options, work and faults from the seed; heals; demands progress. See swarm.hpp.
#include "tests/sim/swarm.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_as::sim {
namespace {

constexpr std::uint64_t minute = 60 * one_second;
constexpr moment an_hour = 60 * minute;
constexpr moment a_day = 24 * an_hour;

/// How much happens in a life.
struct pace {
    moment length = an_hour;
    std::uint64_t trouble_every = 150 * one_second;  // on average
    std::uint64_t messages = 0;                      // in all; 0: as many as come about
    std::uint64_t longest_suspend = 10 * minute;
};

/// What is asked, what goes wrong, and when.
class life {
public:
    life(world& w, random_source random, const pace& p) : w_(w), random_(random), pace_(p) {}

    void begin_process();
    /// Trouble and work from now on, until shortly before `end`.
    void trouble_until(moment end);
    void heal();
    /// Whoever stops now is not started again.
    void be_over() { is_over_ = true; }

private:
    void next_trouble();
    void work_around(moment);
    void publish();
    void receive();
    void subscribe();
    void ask();
    fault draw_fault();
    void inflict(fault);
    void down_for(fault, std::uint64_t ms);
    void change_server();
    void restart_process(bool cut);
    void restart_when_stopped();
    void suspend();
    bool is_five() const { return w_.options().version == protocol_version::v5; }
    bool is_possible(fault) const;

    world& w_;
    random_source random_;
    pace pace_;
    moment end_ = 0;
    bool is_over_ = false;
};

const char* const topics[] = {"out/0", "out/1", "out/2"};
const char* const filters[] = {"in/#", "in/a", "in/+", "in/b/#", "elsewhere", "out/1", "$share/group/in/b", "in/c"};
const char* const inbound_topics[] = {"in/a", "in/b", "in/c"};

bool life::is_possible(fault f) const {
    switch (f) {
    case fault::failing_puback:
    case fault::failing_pubrec:
    case fault::small_receive_maximum:
    case fault::small_packet_maximum:
    case fault::server_keep_alive: return is_five();
    case fault::tls_failed:
    case fault::slow_tls: return w_.options().net.tls_ms > 0;
    case fault::slow_application:
        return !engine_is_for_boards;  // there it has a message only while it is told of it
    // These follow from the options drawn, from other faults, or from what the application does.
    case fault::partial_write:
    case fault::split_read:
    case fault::old_epoch:
    case fault::session_expired:
    case fault::too_large_for_client:
    case fault::own_message:
    case fault::no_local:
    case fault::retained_message:
    case fault::shared_away:
    case fault::full_queue:
    case fault::cancel:
    case fault::deadline_passed: return false;
    default: return true;
    }
}

/// Of two drawn at random the one that has happened less: in a long life each comes about often enough.
fault life::draw_fault() {
    const auto draw = [this] {
        fault f{};
        do {
            f = static_cast<fault>(random_.below(fault_kinds));
        } while (!is_possible(f));
        return f;
    };
    const fault one = draw();
    const fault other = draw();
    const auto times = [this](fault f) { return w_.counts.faults[static_cast<std::size_t>(f)]; };
    return times(other) < times(one) ? other : one;
}

void life::trouble_until(moment end) {
    end_ = end;
    next_trouble();
}

void life::begin_process() {
    w_.app.start(random_.chance(70));
    if (random_.chance(80)) w_.app.subscribe("in/#", 2);
}

void life::next_trouble() {
    const moment when = w_.time.now() + random_.between(1, 2 * pace_.trouble_every);
    if (when + minute > end_) return;
    work_around(when);
    w_.time.at(when, [this] {
        inflict(draw_fault());
        next_trouble();
    });
}

/// A handful of requests shortly before and after something happens, and some at other times. In a life that is to have
/// so many messages: what is left of them, by what is left of it.
void life::work_around(moment when) {
    std::uint64_t requests = random_.between(12, 24);
    if (pace_.messages > 0) {
        const std::uint64_t to_come = (pace_.length - std::min(when, pace_.length)) / pace_.trouble_every + 1;
        const std::uint64_t done = w_.counts.messages();
        requests = pace_.messages > done ? (pace_.messages - done) / to_come + 1 : 1;
        requests = random_.between(requests / 2, requests);  // bursts make up for it
    }
    const std::uint64_t spread = random_.one_of<std::uint64_t>({1, 50, 3'000, 30'000});
    for (std::uint64_t i = 0; i < requests; ++i) {
        const moment near = when - std::min<moment>(when, spread / 2) + random_.below(spread);
        const moment at = random_.chance(10) ? when + random_.below(pace_.trouble_every) : near;
        w_.time.at(std::min(at, end_), [this] { ask(); });
    }
}

void life::ask() {
    const std::uint64_t what = random_.below(100);
    if (what < 60) return publish();
    if (what < 92) return receive();
    if (what < 97) return subscribe();
    const auto filter = filters[random_.below(std::size(filters))];
    w_.app.unsubscribe(filter, random_.chance(20) ? random_.between(1, 10'000) : 0);
}

void life::receive() {
    const auto qos = static_cast<std::uint8_t>(random_.below(3));
    const std::size_t size = random_.chance(5) ? random_.between(1'000, 6'000) : random_.between(9, 60);
    const auto topic = inbound_topics[random_.below(3)];
    w_.server.publish(topic, qos, size, random_.chance(3));
}

void life::subscribe() {
    subscribe_spec s{.filter = filters[random_.below(std::size(filters))],
                     .qos = static_cast<std::uint8_t>(random_.below(3))};
    const bool is_shared = s.filter.starts_with('$');
    if (is_shared && !is_five()) s.filter = "in/b";
    if (is_five()) {
        s.no_local = !is_shared && random_.chance(50);
        s.retain_as_published = random_.chance(30);
        s.retain_handling = random_.one_of<std::uint8_t>({0, 0, 1, 2});
    }
    s.timeout_ms = random_.chance(20) ? random_.between(1, 10'000) : 0;
    w_.app.subscribe(s);
}

void life::publish() {
    publish_spec p{.topic = topics[random_.below(3)], .qos = static_cast<std::uint8_t>(random_.below(3))};
    p.size = random_.chance(5) ? random_.between(1'000, 9'000) : random_.between(9, 60);
    p.by_reference = random_.chance(30);
    p.retain = random_.chance(5);
    p.timeout_ms = random_.chance(20) ? random_.between(1, 15'000) : 0;
    const std::uint64_t times = random_.chance(4) ? random_.between(10, 60) : 1;
    for (std::uint64_t i = 0; i < times; ++i) {
        const std::uint32_t serial = w_.app.publish(p);
        if (serial == 0 || !random_.chance(12)) continue;
        const cancel_scope scope = random_.chance(50) ? cancel_scope::if_untouched : cancel_scope::end_wait;
        w_.app.later(random_.below(random_.one_of<std::uint64_t>({1, 10, 500, 20'000})),
                     [this, serial, scope] { w_.app.cancel(serial, scope); });
    }
}

// ---- faults -------------------------------------------------------------------------------------

void life::down_for(fault f, std::uint64_t ms) {
    w_.counts.happened(f);
    w_.net.refuse(true);
    w_.server.killed();
    w_.time.after(ms, [this] { w_.net.refuse(false); });
}

/// MQTT 5: the next connection is told other limits.
void life::change_server() {
    broker_options o = w_.server.options();
    o.receive_maximum = random_.one_of<std::uint16_t>({65'535, 20, 3, 1});
    o.maximum_packet_size = random_.one_of<std::uint32_t>({0, 0, 500});
    o.server_keep_alive.reset();
    if (random_.chance(40)) o.server_keep_alive = random_.one_of<std::uint16_t>({5, 20, 120});
    w_.server.set_options(o);
    w_.net.reset_current();
}

/// Other options, too: a new process may be configured anew, in the same version of the protocol.
void life::restart_process(bool cut) {
    world_options next = draw_options(random_.next(), w_.options().version);
    if (random_.chance(70)) next.config.clean_init = next.config.clean = false;
    w_.restart(next, cut);
    w_.time.after(random_.below(5 * one_second), [this] {
        if (!w_.app.is_running()) begin_process();
    });
}

void life::restart_when_stopped() {
    w_.app.later(3 * one_second, [this] {
        if (is_over_) return;
        if (w_.app.is_running()) return restart_when_stopped();  // it sleeps, or was started again
        w_.counts.happened(fault::restart);
        restart_process(false);
    });
}

/// The machine sleeps, and with it the process; what arrives meanwhile is lost or waits.
void life::suspend() {
    const std::uint64_t ms = random_.between(1, pace_.longest_suspend / one_second) * one_second;
    w_.counts.happened(fault::suspend);
    w_.net.silence_for(random_.chance(50) ? never : ms);
    w_.pump.sleep_for(ms);
    w_.time.after(ms, [this] { w_.pump.resume(); });
}

void life::inflict(fault f) {
    if (!w_.app.is_running()) return;
    w_.court.tell(std::string("FAULT ") + fault_names[static_cast<std::size_t>(f)]);
    const std::uint64_t a_while = random_.between(1, 60) * one_second;
    switch (f) {
    case fault::resolve_failed:
        w_.net.fail_resolving(true);
        w_.net.reset_current();
        return w_.time.after(a_while, [this] { w_.net.fail_resolving(false); });
    case fault::refused: return down_for(f, a_while);
    case fault::tls_failed:
        w_.net.fail_tls(true);
        w_.net.reset_current();
        return w_.time.after(a_while, [this] { w_.net.fail_tls(false); });
    case fault::slow_tls:
        w_.net.slow_tls(random_.between(1, 20) * one_second);
        w_.net.reset_current();
        return w_.time.after(a_while, [this] { w_.net.slow_tls(0); });
    case fault::unreachable:
        w_.net.lose_everything_new(true);
        w_.net.silence_for(never);
        return w_.time.after(a_while, [this] { w_.net.lose_everything_new(false); });
    case fault::mute:
        w_.counts.happened(f);
        w_.server.set_mute(true);
        return w_.time.after(a_while, [this] { w_.server.set_mute(false); });
    case fault::fin: return w_.net.fin_current();
    case fault::rst: return w_.net.reset_current();
    case fault::cut_upstream: return w_.net.cut_upstream_after(random_.below(300));
    case fault::cut_downstream: return w_.net.cut_downstream_after(random_.below(300));
    case fault::half_open_8s:
    case fault::half_open_25s:
    case fault::half_open_for_ever:
        if (w_.net.has_connection()) w_.counts.happened(f);
        return w_.net.silence_for(f == fault::half_open_8s    ? 8 * one_second
                                  : f == fault::half_open_25s ? 25 * one_second
                                                              : never);
    case fault::link_flap: {
        // It comes back as it was, or behind another router that knows nothing of us, or with another address.
        w_.pump.set_link(false);
        const std::uint64_t down = random_.between(1, 20 * one_second);
        return w_.time.after(down, [this, down] {
            if (down % 3 == 1) w_.net.silence_for(never);
            if (down % 3 == 2) w_.pump.change_address();
            w_.pump.set_link(true);
        });
    }
    case fault::slow_link:
        w_.counts.happened(f);
        w_.net.set_rate(random_.between(1, 20));
        return w_.time.after(a_while, [this] { w_.net.set_rate(0); });
    case fault::broker_restart: return down_for(f, 50);
    case fault::broker_down_3s: return down_for(f, 3 * one_second);
    case fault::broker_down_20s: return down_for(f, 20 * one_second);
    case fault::session_lost: return w_.server.lose_sessions();
    case fault::refused_connack:
    case fault::late_connack:
    case fault::false_session_present:
        w_.server.arm(f, static_cast<unsigned>(random_.between(1, 3)));
        return w_.net.reset_current();
    case fault::malformed_packet: return w_.server.send_malformed();
    case fault::server_disconnect:
        return w_.server.send_disconnect(
            random_.one_of<std::uint8_t>({0x80, 0x89, 0x8B, 0x93, 0x97, 0x98, 0x9C, 0xA0}));
    case fault::session_taken_over: return w_.server.send_disconnect(0x8E);
    case fault::unknown_acknowledgement: return w_.server.send_unknown_acknowledgement();
    case fault::small_receive_maximum:
    case fault::small_packet_maximum:
    case fault::server_keep_alive: return change_server();
    case fault::slow_application:
        w_.app.be_slow(random_.between(1, 20'000));
        if (random_.chance(50)) w_.app.hold_messages(true);
        w_.app.forget_at_outages(a_while % 2 == 0);
        return w_.time.after(a_while, [this] {
            w_.app.be_slow(0);
            w_.app.hold_messages(false);
            w_.app.forget_at_outages(false);
        });
    case fault::stop_and_start: {
        w_.counts.happened(f);
        w_.app.restart_when_stopped(random_.between(0, 20 * one_second));
        const std::uint64_t grace = random_.one_of<std::uint64_t>({0, 500, 2'000});
        if (random_.chance(70)) return w_.app.stop(grace);
        down_for(fault::refused, a_while);  // ... or while it waits for the next attempt
        return w_.app.later(one_second, [this, grace] { w_.app.stop(grace); });
    }
    case fault::throwing_application: return w_.app.throw_at_next_message();
    case fault::restart:
        // Orderly: what is in flight is waited for, or everything is told that it is over.
        random_.chance(80) ? w_.app.stop(2'000) : w_.app.close();
        return restart_when_stopped();
    case fault::crash: w_.counts.happened(f); return restart_process(random_.chance(50));
    case fault::suspend: return suspend();
    case fault::sleeping_front: return w_.pump.sleep_for(random_.between(1, 40) * one_second);
    default: return w_.server.arm(f, 1);  // faults of one packet wait for theirs
    }
}

void life::heal() {
    w_.court.tell("HEALED");
    w_.net.refuse(false);
    w_.net.fail_resolving(false);
    w_.net.fail_tls(false);
    w_.net.slow_tls(0);
    w_.net.lose_everything_new(false);
    w_.net.set_rate(0);
    if (!w_.net.is_link_up()) w_.pump.set_link(true);
    w_.server.disarm_all();
    w_.server.set_mute(false);
    w_.app.be_slow(0);
    w_.app.hold_messages(false);
    w_.app.forget_at_outages(false);
}

/// The longest that coming back may take: finding out, ending the attempt under way, one back-off step, connecting.
std::uint64_t recovery_limit(const engine_config& c) {
    const auto ms = [](duration d) { return static_cast<std::uint64_t>(d.count()); };
    const std::uint64_t ping = c.keepalive == 0 ? 20'000 : c.keepalive * 250u;
    return ping + 4 * ms(c.response_time) + ms(c.backoff.cap) + 30 * one_second;
}

/// The world is healed: the client comes back in bounded time and ends everything that was begun.
void recover(world& w) {
    if (w.pump.awake_at() > w.time.now()) w.run_for(w.pump.awake_at() - w.time.now());
    const engine_config& config = w.options().config;
    const std::uint64_t limit = recovery_limit(config);
    const auto is_back = [&] { return w.app.is_renewed() && w.server.current() == w.net.current(); };
    if (!w.run_until(is_back, limit)) return w.court.object("the world was healed, but the client is not online");
    const auto patience = static_cast<std::uint64_t>(config.response_time.count()) * (config.max_repubs + 2) + limit;
    // Every second is often enough: looking is slow.
    for (std::uint64_t waited = 0; !w.truth.is_settled() && waited < 2 * patience && !w.court.has_objected();
         waited += one_second)
        w.run_for(one_second);
    if (const auto why = w.truth.why_not_settled()) return w.court.object("the world was healed, but " + *why);
    w.app.judge_subscriptions();
}

/// A few messages at each qos, and silence: what they took must be free again.
std::size_t memory_when_warm(world& w) {
    for (int i = 0; i < 9; ++i)
        w.app.publish({.topic = "out/warm", .qos = static_cast<std::uint8_t>(i % 3), .size = 30});
    w.run_until([&] { return w.truth.is_settled(); }, minute);
    w.run_for(one_second);
    return w.memory.in_use();
}

/// How many blocks are in use at once is a matter of timing: a round may need one more than the one before. A leak
/// makes every round need more.
void expect_constant_memory(world& w) {
    std::size_t before = memory_when_warm(w);
    for (int round = 0; round < 4; ++round) {
        const std::size_t now = memory_when_warm(w);
        if (now <= before) return;
        before = now;
    }
    w.court.object("memory grows with every few messages, to " + std::to_string(before) + " bytes");
}

/// Stops or closes, and closes the books.
void end(world& w, random_source& random, sabotage s) {
    const std::size_t wills = w.server.wills().size();
    const bool politely = random.chance(50);
    const bool was_online = w.app.is_renewed() && w.server.current() == w.net.current();
    politely ? w.app.stop(2'000) : w.app.close();
    w.run_for(10 * one_second);
    w.court.demand(!w.app.is_running(), "stopped or closed, but it goes on");
    if (was_online && w.options().config.will)
        w.court.demand(w.server.wills().size() == wills + (politely ? 0 : 1),
                       politely ? "stop made the broker publish the will"
                                : "close did not make the broker publish the will");
    if (s == sabotage::leak) w.memory.allocate(1);
    w.destroy_engine();
    w.court.demand(w.truth.lost() == 0, "messages are lost");
}

outcome outcome_of(const world& w) {
    outcome result{.verdict = w.court.verdict(), .hash = w.story.hash(), .counts = w.counts};
    result.virtual_ms = w.time.now();
    result.operations = w.truth.accepted_count();
    result.inbound = w.truth.owed_count();
    for (const std::uint64_t n : w.counts.faults) result.faults += n;
    result.lost = w.truth.lost();
    return result;
}

}  // namespace

protocol_version draw_version(std::uint64_t seed) {
    return random_source(seed ^ 0x76657273696F6Eu).chance(50) ? protocol_version::v5 : protocol_version::v3_1_1;
}

world_options draw_options(std::uint64_t seed, protocol_version version) {
    random_source r(seed ^ 0x6F7074696F6E73u);
    world_options o{.seed = seed, .version = version};
    const bool is_five = version == protocol_version::v5;
    // A third of the clocks wrap within the hour.
    o.clock_start = r.chance(33) ? static_cast<std::uint32_t>(-static_cast<std::int64_t>(r.below(an_hour)))
                                 : static_cast<std::uint32_t>(r.next());

    engine_config& c = o.config;
    c.keepalive = r.one_of<std::uint16_t>({0, 5, 20, 60, 60, 300});
    c.ping_interval = duration(r.one_of<std::int32_t>({0, 0, 3'000}));
    c.response_time = duration(r.one_of<std::int32_t>({2'000, 5'000, 10'000, 10'000}));
    c.max_repubs = r.one_of<std::uint32_t>({0, 1, 4, 4});
    c.clean_init = r.chance(60);
    c.clean = r.chance(30);
    c.session_expiry = r.one_of<std::uint32_t>({UINT32_MAX, UINT32_MAX, 600, 20});
    c.receive_maximum = r.one_of<std::uint16_t>({65'535, 65'535, 10, 1});
    c.qos2_on_lost_session = r.chance(50) ? qos2_policy::republish : qos2_policy::report;
    c.on_refusal = r.one_of<refusal_policy>({refusal_policy::give_up, refusal_policy::give_up_at_first,
                                             refusal_policy::retry_at_cap, refusal_policy::retry_at_cap,
                                             refusal_policy::retry_at_cap, refusal_policy::retry_at_cap});
    if (r.chance(15)) c.backoff = fleet_backoff;
    if (r.chance(50))
        c.will = engine_will{.topic = "will", .qos = static_cast<std::uint8_t>(r.below(3)), .retain = r.chance(50)};

    limits& l = o.limit;
    l.operations_max = r.one_of<std::uint32_t>({10'000, 10'000, 30, 5, 1});
    l.payload_bytes_max = r.one_of<std::size_t>({64u << 20, 20'000});
    l.subscriptions_max = r.one_of<std::uint32_t>({1'000, 1'000, 2});
    if (is_five)
        l.packet_bytes_max = r.one_of<std::size_t>({limits{}.packet_bytes_max, limits{}.packet_bytes_max, 2'000});
    l.inbound_max = r.one_of<std::uint16_t>({1'000, 10, 2, 1});
    l.batch_bytes_max = r.one_of<std::size_t>({64u << 10, 1'024, 128, 64});
    l.gather_from = r.one_of<std::size_t>({4'096, 64, 16});

    network_options& n = o.net;
    n.latency_ms = r.one_of<std::uint64_t>({0, 1, 5, 40, 250});
    n.jitter_ms = r.one_of<std::uint64_t>({0, 3, 20});
    n.resolve_ms = r.one_of<std::uint64_t>({0, 20});
    n.tls_ms = r.one_of<std::uint64_t>({0, 0, 40, 1'000});
    n.send_buffer = r.one_of<std::size_t>({256u << 10, 2'048, n.latency_ms > 5 ? 2'048u : 64u});
    n.split_percent = r.one_of<unsigned>({0, 20, 60});

    broker_options& b = o.server;
    b.expiry_s = r.one_of<std::uint32_t>({0, 0, 600, 20});
    if (is_five) {
        b.receive_maximum = r.one_of<std::uint16_t>({65'535, 20, 2});
        b.maximum_packet_size = r.one_of<std::uint32_t>({0, 0, 0, 400});
        if (r.chance(20)) b.server_keep_alive = r.one_of<std::uint16_t>({10, 100});
        if (r.chance(5)) b.maximum_qos = 1;
        if (r.chance(5)) b.retain_available = false;
    }
    b.processing_ms = r.one_of<std::uint64_t>({0, 0, 30});

    front_options& f = o.pump;
    f.write_ms = r.one_of<std::uint64_t>({0, 0, 1, 20});
    f.read_size = r.one_of<std::size_t>({16u << 10, 100, 3});
    f.looks_at_progress = r.chance(80);
    f.old_epoch_percent = r.one_of<unsigned>({0, 2});
    return o;
}

outcome run_seed(std::uint64_t seed, sabotage s, bool is_verbose) {
    world_options options = draw_options(seed, draw_version(seed));
    options.is_verbose = is_verbose;
    world w(options);
    w.server.sabotage_with(s);
    w.pump.sabotage_with(s);
    w.app.sabotage_with(s);

    random_source random(seed ^ 0x686F7572u);
    life hour(w, random.split(), {});
    hour.begin_process();
    hour.trouble_until(an_hour);
    w.run_for(an_hour);
    hour.heal();
    if (s == sabotage::no_recovery) w.server.set_mute(true);
    if (!w.court.has_objected()) recover(w);
    if (!w.court.has_objected()) expect_constant_memory(w);
    hour.be_over();
    if (!w.court.has_objected()) end(w, random, s);
    return outcome_of(w);
}

outcome run_weeks(std::uint64_t seed, protocol_version version, std::uint64_t weeks, std::uint64_t messages,
                  bool is_verbose) {
    world_options options = draw_options(seed, version);
    options.is_verbose = is_verbose;
    world w(options);

    const pace p{.length = weeks * 7 * a_day,
                 .trouble_every = 15 * minute,
                 .messages = messages,
                 .longest_suspend = 8 * an_hour / 60};
    random_source random(seed ^ 0x7765656Bu);
    life all(w, random.split(), p);
    all.begin_process();
    for (std::uint64_t day = 1; day <= weeks * 7 && !w.court.has_objected(); ++day) {
        all.trouble_until(day * a_day - an_hour);
        w.run_for(day * a_day - an_hour - w.time.now());
        all.heal();
        if (!w.court.has_objected()) recover(w);
        if (!w.court.has_objected()) expect_constant_memory(w);
        w.truth.prune();
        w.run_for(day * a_day - w.time.now());
    }
    all.be_over();
    if (!w.court.has_objected()) end(w, random, sabotage::none);
    return outcome_of(w);
}

}  // namespace mqtt_as::sim
