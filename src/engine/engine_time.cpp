// Time: what is due, and what it means when nothing has come.
#include "src/engine/state.hpp"

#include <algorithm>

namespace mqtt_as {

namespace {

/// How long a sign of life may take when the network has changed: this many round trips, but not less than a busy
/// broker needs.
constexpr std::int32_t round_trips = 4;
constexpr duration least_patience{100};
constexpr duration unknown_patience{1'000};  // while no round trip was ever measured

}  // namespace

/// They are moved up: on a clock that wraps they would soon lie in the future.
void engine::state::refresh_old() {
    constexpr duration old_age = status::longest_ago;
    for (time_point* t : {&since_, &link_since_, &judging_since_, &supervisor.outage_since()}) {
        if (now_ - *t > old_age || now_ - *t < duration(0)) *t = now_ + -old_age;
    }
}

bool engine::state::has_unanswered() const {
    return !ops.empty(place::awaiting) || !ops.empty(place::awaiting_sub) || !outbox.empty();
}

void engine::state::begin_silence_anew() {
    probed_ = false;
    life_is_due_ = false;
    is_silent_ = awaits_answer();
    silent_since_ = now_;
}

/// One answer that an outage held up may only double it.
void engine::state::on_round_trip(duration measured) {
    const duration at_least = longer(measured, duration(1));
    round_trip_ = round_trip_.count() == 0 ? at_least : shorter(at_least, round_trip_ * 2);
}

/// The kernel's TCP repeats what the outage swallowed, but after a long one only after long: at once, then, when a ping
/// finds a living connection; else we are faster than it.
void engine::state::demand_life() {
    if (phase_ != phase::handshake && phase_ != phase::online) return;
    if (phase_ == phase::online) ping_due_ = true;
    const duration patience = round_trip_.count() == 0 ? unknown_patience : round_trip_ * round_trips;
    life_is_due_ = true;
    life_due_ = now_ + shorter(longer(patience, least_patience), config.response_time);
}

/// When it has waited long enough, provided that something else came in the meantime: without anything it is silence,
/// which is judged apart. 3.1.1 asks again every response_time; 5 may not [MQTT-4.4.0-1] and waits as long as 3.1.1
/// does in all; and so does what is not a publish.
void engine::state::consider_acknowledgement(due& first, operation& op) {
    const time_point since = std::max(turn_.of(op, now_), judging_since_);
    if (!(last_received_ > since)) return;
    const duration patient_for = asks_again(op) ? config.response_time : patience();
    first.consider(since + patient_for, due::what::acknowledgement, &op);
}

engine::state::due engine::state::first_due() {
    using what = due::what;
    due first;
    timers.for_each_earliest(ops, [&](operation& op) { first.consider(op.deadline, what::operation, &op); });
    const bool is_attempt = phase_ == phase::opening || phase_ == phase::handshake;
    const bool has_limit = phase_ == phase::closing ? leaving_ : phase_ != phase::stopped;
    if (has_limit) first.consider(until_, is_online() ? what::ping : what::phase);
    if ((!is_attempt && !is_online()) || (is_online() && inbox.full()))
        return first;  // what we do not read cannot be missing
    if (life_is_due_) first.consider(life_due_, what::life);
    if (!is_online()) return first;
    if (is_silent_) first.consider(silent_since_ + config.response_time, what::silence);
    // A ping without its answer although something else came: as any other missing acknowledgement. Behind a large
    // upload that is still on its way nothing comes, and nothing is missing.
    const time_point since = std::max(ping_sent_at_, judging_since_);
    if (ping_outstanding_ && last_received_ > since) first.consider(since + patience(), what::ping_answer);
    ops.for_each_longest([&](operation& op) { consider_acknowledgement(first, op); });
    return first;
}

void engine::state::judge_acknowledgement(operation& op) {
    if (!asks_again(op) || op.repubs >= config.max_repubs) return end_connection(errc::acknowledgement_missing);
    ++op.repubs;
    ++count.republications;
    // Later ones may wait there already; the order counts when the next connection begins with them.
    ops.move_by_order(op, op.released ? place::release_due : place::resend);
    if (!profile::is_board) turn_.pass_to(ops.front(place::awaiting));
}

void engine::state::judge_silence() {
    if (probed_) return end_connection(errc::silence);
    // However late we woke up, the probe has a whole response_time to be answered.
    probed_ = ping_due_ = true;
    silent_since_ = now_;
}

void engine::state::perform(const due& what) {
    switch (what.which) {
    case due::what::nothing: return;
    case due::what::operation: return end_wait(*what.op, errc::timed_out);
    case due::what::phase:
        if (phase_ == phase::waiting) return open();
        if (phase_ == phase::draining) return check_drained();
        if (leaving_) return close_transport();
        // On a board CONNECT is made where its answer will lie, and found no room there.
        return end_connection(profile::is_board && connect_due_ ? errc::too_large : errc::stage_timed_out);
    case due::what::ping:
        ping_due_ = true;
        until_ = now_ + ping_interval();
        return;
    case due::what::life: return replace_connection();
    case due::what::silence: return judge_silence();
    case due::what::ping_answer: return end_connection(errc::acknowledgement_missing);
    case due::what::acknowledgement: return judge_acknowledgement(*what.op);
    }
}

void engine::state::on_time() {
    if (phase_ != phase::stopped) refresh_old();
    for (due first = first_due(); first.which != due::what::nothing && !(now_ < first.at); first = first_due())
        perform(first);
}

}  // namespace mqtt_as
