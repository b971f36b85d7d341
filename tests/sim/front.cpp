// One turn: notices, reading, the timer, commands, writing; events after every call. See front.hpp.
#include "tests/sim/front.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

namespace mqtt_as::sim {
namespace {

constexpr unsigned timer_calls_at_one_moment_max = 20;
constexpr unsigned timer_calls_in_one_second_max = 600;

template <class... Ts>
struct overloaded : Ts... {
    using Ts::operator()...;
};
template <class... Ts>
overloaded(Ts...) -> overloaded<Ts...>;

/// Eight bytes at a time: a large batch is looked at again and again while it leaves in small parts.
std::uint64_t sum_of(std::span<const bytes> gather) {
    std::uint64_t sum = 0;
    const auto mix = [&sum](std::uint64_t word) { sum = (sum ^ word) * 0x9E3779B97F4A7C15u; };
    for (const bytes part : gather) {
        std::size_t at = 0;
        std::uint64_t word = 0;
        for (; at + sizeof word <= part.size(); at += sizeof word) {
            std::memcpy(&word, part.data() + at, sizeof word);
            mix(word);
        }
        for (; at < part.size(); ++at) mix(part[at]);
    }
    return sum;
}

}  // namespace

front::front(schedule& time, random_source random, judge& j, trace& tr, tally& t, oracle& o, network& n, engine& e,
             front_options options, const limits& l, std::uint8_t level, std::uint16_t keep_alive_s)
    : time_(time), random_(random), judge_(j), trace_(tr), tally_(t), oracle_(o), network_(n), engine_(e),
      options_(options), limits_(l), level_(level), keep_alive_s_(keep_alive_s) {
    network_.wake = [this] { wake(); };
}

void front::wake() {
    if (std::exchange(is_turn_due_, true)) return;
    time_.at(std::max(time_.now(), asleep_until_), [this] { turn(); });
}

void front::after_call() {
    drain();
    wake();
}

void front::sleep_for(std::uint64_t ms) {
    asleep_until_ = std::max(asleep_until_, time_.now() + ms);
    judge_.tell("asleep for " + std::to_string(ms) + " ms");
    oracle_.slept_until(asleep_until_);
    was_blocked_ = true;
    tally_.happened(fault::sleeping_front);
}

void front::begin_again(front_options options, const limits& l, std::uint16_t keep_alive_s) {
    options_ = options;
    limits_ = l;
    keep_alive_s_ = keep_alive_s;
    earlier_ = network_.current();
    asleep_until_ = 0;
    is_turn_due_ = false;
    is_writing_ = false;
    keep_alive_ms_ = 0;
    armed_for_ = never;
    received_ = nullptr;
    phase_ = {};
}

void front::resume() {
    trace_.add(time_.now());
    engine_.on_link(time_.engine_time(), network_.is_link_up());
    after_call();
}

void front::set_link(bool up) {
    network_.set_link(up);
    if (!up) tally_.happened(fault::link_flap);
    trace_.add(up ? 1 : 0);
    const epoch e = network_.current();
    if (up) upload_.expect_sign(time_.engine_time(), network_.written(e), network_.acknowledged_bytes(e));
    engine_.on_link(time_.engine_time(), up);
    after_call();
}

void front::change_address() {
    network_.silence_for(never);
    engine_.on_address_lost(time_.engine_time(), of_engine(network_.current()));
    after_call();
}

void front::turn() {
    is_turn_due_ = false;
    if (time_.now() < asleep_until_) return wake();
    if (judge_.has_objected()) return;
    take_notices();
    read();
    judge_timer();
    disturb();
    while (perform_commands() || transmit()) {
    }
    engine_.check();
    judge_limits();
    arm();
}

void front::take_notices() {
    while (const std::optional<notice> n = network_.poll_notice()) {
        if (n->e <= earlier_) continue;
        trace_.add(static_cast<std::uint64_t>(n->what));
        trace_.add(time_.now());
        const time_point now = time_.engine_time();
        const epoch e = of_engine(n->e);
        switch (n->what) {
        case notice::kind::stage: engine_.on_stage(now, e, n->at); break;
        case notice::kind::opened:
            judge_.tell("transport " + std::to_string(n->e) + " open");
            last_sent_ = time_.now();
            keep_alive_ms_ = 0;
            was_blocked_ = false;
            upload_.reset();
            engine_.on_opened(now, e);
            break;
        case notice::kind::closed:
            judge_.tell("transport " + std::to_string(n->e) + " closed, " + std::to_string(n->transport_error));
            judge_keep_alive();
            keep_alive_ms_ = 0;
            is_writing_ = false;
            engine_.on_closed(now, e, n->error, n->transport_error);
            break;
        }
        drain();
    }
}

void front::read() {
    const epoch e = network_.current();
    while (engine_.wants_bytes() && !network_.readable(e).empty()) {
        const bytes arrived = network_.readable(e);
        const bytes part = arrived.first(std::min(arrived.size(), options_.read_size));
        trace_.add(part);
        byte_string block(part.begin(), part.end());
        std::size_t used = 0;
        bool stop = false;
        while (used < block.size() && !stop) {
            const taken t = engine_.on_bytes(time_.engine_time(), of_engine(e), bytes(block).subspan(used));
            received_ = t.received;
            drain();
            used += t.size;
            judge_.demand(used <= block.size(), "on_bytes took more than it was given");
            if (t.reason == taken::why::need_more)
                judge_.demand(used == block.size(), "need_more, but bytes were left");
            stop = t.reason == taken::why::busy || t.reason == taken::why::closed;
            if (t.reason == taken::why::closed) used = block.size();
        }
        read_ = std::move(block);  // freed by the next read: late views are caught by AddressSanitizer
        network_.consume(e, used);
        take_notices();
        if (stop) return;
    }
}

void front::judge_timer() {
    const std::optional<time_point> due = engine_.deadline();
    const bool is_due = due && time_.moment_of(*due) <= time_.now();
    if (!is_due && sabotage_ != sabotage::busy_loop) return;
    ++timer_calls_;
    timer_at_moment_ = timer_moment_ == time_.now() ? timer_at_moment_ + 1 : 1;
    timer_in_second_ = timer_second_ == time_.now() / 1000 ? timer_in_second_ + 1 : 1;
    timer_moment_ = time_.now();
    timer_second_ = time_.now() / 1000;
    judge_.demand(timer_at_moment_ <= timer_calls_at_one_moment_max, "a busy loop: on_time is due again and again");
    judge_.demand(timer_in_second_ <= timer_calls_in_one_second_max, "a busy loop: on_time too often in one second");
    if (options_.looks_at_progress) {
        const epoch e = network_.current();
        if (upload_.look(time_.engine_time(), network_.written(e), network_.acknowledged_bytes(e),
                         options_.response_time)) {
            engine_.on_peer_progress(time_.engine_time(), of_engine(e));
            drain();
        }
    }
    engine_.on_time(time_.engine_time());
    trace_.add(time_.now());
    drain();
}

bool front::perform_commands() {
    bool any = false;
    while (const std::optional<command> c = engine_.poll_command()) {
        any = true;
        trace_.add(static_cast<std::uint64_t>(c->what) << 32 | c->epoch);
        if (c->what == command::kind::open)
            network_.open(in_world(c->epoch));
        else
            network_.close(in_world(c->epoch));
        drain();
    }
    return any;
}

/// False when there is nothing more to be written for now.
bool front::transmit() {
    if (is_writing_) return false;
    gathered_ = engine_.poll_transmit(time_.engine_time(), gather_);
    drain();
    if (gathered_ == 0) return false;
    const epoch e = network_.current();
    judge_.demand(!network_.was_closed(e), "bytes are to be written on a connection that was closed");
    const std::span<const bytes> parts(gather_.data(), gathered_);
    if (!network_.has_room(e)) {
        was_blocked_ = true;
        return false;
    }
    judge_keep_alive();  // how long the transport takes over it is not the engine's doing
    if (options_.write_ms == 0) {
        give(e, parts);
        return true;
    }
    is_writing_ = true;
    const std::uint64_t sum = sum_of(parts);
    time_.after(options_.write_ms, [this, e, sum] { finish_write(e, sum); });
    return false;
}

/// The write that began some time ago completes. Its bytes must have stayed where and what they were.
void front::finish_write(epoch e, std::uint64_t sum) {
    if (!is_writing_ || e != network_.current()) return;
    if (time_.now() < asleep_until_) return time_.at(asleep_until_, [this, e, sum] { finish_write(e, sum); });
    is_writing_ = false;
    const std::span<const bytes> parts(gather_.data(), gathered_);
    judge_.demand(sum_of(parts) == sum, "bytes changed while they were being written");
    give(e, parts);
    wake();
}

void front::give(epoch e, std::span<const bytes> parts) {
    const std::size_t taken = network_.write(e, parts);
    if (taken == 0) return;
    last_sent_ = time_.now();
    was_blocked_ = false;
    tap(e, parts, taken);
    engine_.on_sent(time_.engine_time(), of_engine(e), taken);
    drain();
}

/// Reads what the transport takes: a qos 0 publish may be reported when its last byte went by here.
void front::tap(epoch e, std::span<const bytes> parts, std::size_t taken) {
    if (std::exchange(tapped_, e) != e) tap_.clear();
    for (bytes part : parts) {
        part = part.first(std::min(part.size(), taken));
        taken -= part.size();
        tap_.insert(tap_.end(), part.begin(), part.end());
    }
    std::size_t used = 0;
    while (true) {
        const reading r = read_packet(bytes(tap_).subspan(used), level_, sender::client);
        if (!r.fault.empty()) judge_.object("the client sends a bad packet: " + r.fault);
        if (!r.whole) break;
        trace_.add(bytes(tap_).subspan(used, std::min<std::size_t>(r.size, 64)));
        used += r.size;
        if (r.whole->type == kind::publish) oracle_.taken_by_transport(*r.whole);
    }
    tap_.erase(tap_.begin(), tap_.begin() + static_cast<std::ptrdiff_t>(used));
}

/// [MQTT-3.1.2-23]: the gap between packets sent never exceeds the keep alive, unless the transport took nothing.
void front::judge_keep_alive() {
    if (keep_alive_ms_ > 0 && !was_blocked_ && time_.now() - last_sent_ > keep_alive_ms_)
        judge_.object("nothing was sent for longer than the keep alive [MQTT-3.1.2-23]");
}

/// Nothing grows past its limit, at any moment.
void front::judge_limits() {
    const status now = engine_.look();
    judge_.demand(now.unfinished <= limits_.operations_max + limits_.subscriptions_max, "more operations than limits");
    judge_.demand(now.inbox <= limits_.inbound_max, "more messages in the inbox than inbound_max");
    judge_.demand(now.subscriptions <= limits_.subscriptions_max, "more filters than subscriptions_max");
}

/// Inputs of an older connection, as a transport's late callbacks bring them. They must change nothing.
void front::disturb() {
    const epoch e = of_engine(network_.current());
    if (e < 2 || !random_.chance(options_.old_epoch_percent)) return;
    tally_.happened(fault::old_epoch);
    const std::uint8_t garbage[] = {0xFF, 0xFF, 0xFF};
    const time_point now = time_.engine_time();
    judge_.demand(engine_.on_bytes(now, e - 1, garbage).reason == taken::why::closed,
                  "bytes of an old epoch were read");
    engine_.on_sent(now, e - 1, 5);
    engine_.on_opened(now, e - 1);
    engine_.on_stage(now, e - 1, stage::connect);
    engine_.on_peer_progress(now, e - 1);
    engine_.on_closed(now, e - 1, errc::connection_closed, 0);
    drain();
}

void front::drain() {
    note_phase();
    if (std::exchange(is_draining_, true)) return;
    if (received_ != nullptr) hear(*std::exchange(received_, nullptr));
    for (bool more = true; more;) {
        more = false;
        while (const op_done* done = engine_.poll_done())
            hear(done->reported_before ? any_event(released{done->id}) : any_event(*done));
        if (const std::optional<event> e = engine_.poll_event()) {
            std::visit([this](const auto& what) { hear(what); }, *e);
            more = true;
        }
    }
    is_draining_ = false;
    if (on_drained) on_drained();
}

void front::hear(const any_event& e) {
    ++tally_.events[e.index()];
    record(e);
    if (const auto* c = std::get_if<connected>(&e)) {
        const auto replaced = c->properties.number(property_id::server_keep_alive);
        keep_alive_ms_ = replaced.value_or(keep_alive_s_) * 1000u;
        // CONNACK came that late: what goes out now cannot be through in time.
        if (time_.now() - last_sent_ + 2 * options_.write_ms >= keep_alive_ms_) was_blocked_ = true;
    }
    on_event(e);
}

void front::record(const any_event& e) {
    trace_.add(time_.now());
    trace_.add(e.index());
    std::visit(
        overloaded{
            [&](const op_done& d) {
                trace_.add(static_cast<std::uint64_t>(d.id.index) << 32 | d.id.generation);
                trace_.add(static_cast<std::uint64_t>(d.error) << 8 | static_cast<std::uint64_t>(d.reason));
                trace_.add(std::uint64_t{d.may_have_been_delivered} << 1 | std::uint64_t{d.finished});
            },
            [&](const released& r) { trace_.add(static_cast<std::uint64_t>(r.id.index) << 32 | r.id.generation); },
            [&](const message& m) {
                trace_.add(m.topic);
                trace_.add(m.payload);
            },
            [&](const connected& c) {
                judge_.tell(c.session_present ? "connected, session present" : "connected");
                trace_.add(c.session_present ? 1 : 0);
            },
            [&](const disconnected& d) {
                ++tally_.errors[static_cast<std::size_t>(d.error)];
                judge_.tell("disconnected: " + std::string(describe(d.error)) + " " + std::string(describe(d.why)));
                trace_.add(static_cast<std::uint64_t>(d.error) << 8 | static_cast<std::uint64_t>(d.at));
            },
            [&](const waiting& w) {
                judge_.tell("waiting " + std::to_string(w.for_duration.count()) + " ms");
                trace_.add(static_cast<std::uint64_t>(w.for_duration.count()));
            },
            [&](const renewal_refused& r) { trace_.add(r.filter); },
            [](const auto&) {},
        },
        e);
}

void front::note_phase() {
    const status::phase now = engine_.phase();
    if (now == phase_) return;
    ++tally_.transitions[static_cast<std::size_t>(phase_)][static_cast<std::size_t>(now)];
    phase_ = now;
    judge_.tell("phase " + std::to_string(static_cast<int>(now)));
}

/// One timer, at the engine's deadline.
void front::arm() {
    const std::optional<time_point> due = engine_.deadline();
    if (sabotage_ == sabotage::busy_loop && engine_.is_online()) return wake();
    if (!due) return;
    const moment when = std::max(time_.moment_of(*due), time_.now());
    if (when >= armed_for_ && armed_for_ > time_.now()) return;  // an earlier turn will arm it again
    armed_for_ = when;
    time_.at(when, [this, when] {
        if (armed_for_ == when) armed_for_ = never;
        wake();
    });
}

}  // namespace mqtt_as::sim
