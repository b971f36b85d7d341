// Time: what is due, and what it means when nothing has come.
#include "src/engine/state.hpp"

#include <algorithm>

namespace mqtt_as {

namespace {

/// Moments older than this are moved up: on a clock that wraps they would soon lie in the future.
constexpr duration old_age{1'000'000'000};  // 11.5 days

/// How long a sign of life may take when the network has changed: this many round trips, but not less than a busy
/// broker needs.
constexpr std::int32_t round_trips = 4;
constexpr duration least_patience{100};
constexpr duration unknown_patience{1'000};  // while no round trip was ever measured

void refresh(time_point& t, time_point now) {
    if (now - t > old_age || now - t < duration(0)) t = now + -old_age;
}

}  // namespace

void engine::state::refresh_old(time_point now) {
    refresh(since_, now);
    refresh(link_since_, now);
    refresh(judging_since_, now);
    supervisor.refresh([now](time_point& t) { refresh(t, now); });
    if (outage_since_) refresh(*outage_since_, now);
}

bool engine::state::awaits_answer() const {
    return !ops.awaiting.empty() || !ops.awaiting_sub.empty() || !ops.releasing.empty() || ping_outstanding_ ||
           !outbox.empty();
}

void engine::state::begin_silence_anew(time_point now) {
    probed_ = false;
    silent_since_.reset();
    life_due_.reset();
    if (awaits_answer()) silent_since_ = now;
}

/// One answer that an outage held up may only double it.
void engine::state::on_round_trip(duration measured) {
    const duration at_least = std::max(measured, duration(1));
    round_trip_ = round_trip_.count() == 0 ? at_least : std::min(at_least, round_trip_ * 2);
}

/// The kernel's TCP repeats what the outage swallowed, but after a long one only after long: at once, then, when a ping
/// finds a living connection; else we are faster than it.
void engine::state::demand_life(time_point now) {
    if (phase_ != phase::handshake && phase_ != phase::online) return;
    if (phase_ == phase::online) ping_due_ = true;
    const duration patience = round_trip_.count() == 0 ? unknown_patience : round_trip_ * round_trips;
    life_due_ = now + std::min(std::max(patience, least_patience), config.response_time);
}

/// When the oldest of `list` has waited long enough, provided that something else came in the meantime: without
/// anything it is silence, which is judged apart. 3.1.1 asks again every response_time; 5 may not [MQTT-4.4.0-1] and
/// waits as long as 3.1.1 does in all; and so does what is not a publish.
std::optional<time_point> engine::state::acknowledgement_due(const operation_list& list) const {
    const operation* op = list.front();
    if (op == nullptr || inbox.full()) return std::nullopt;
    const time_point since = std::max(op->sent_at, judging_since_);
    if (!(last_received_ > since)) return std::nullopt;
    const bool asks_again = wire.may_resend_while_connected && op->what == operation::kind::publish;
    const auto times = asks_again ? 1 : static_cast<std::int32_t>(config.max_repubs) + 1;
    return since + config.response_time * times;
}

/// A ping without its answer although something else came: as any other missing acknowledgement. Behind a large upload
/// that is still on its way nothing comes, and nothing is missing.
std::optional<time_point> engine::state::ping_answer_due() const {
    const time_point since = std::max(ping_sent_at_, judging_since_);
    if (!ping_outstanding_ || inbox.full() || !(last_received_ > since)) return std::nullopt;
    return since + config.response_time * (static_cast<std::int32_t>(config.max_repubs) + 1);
}

/// False when the connection was given up.
bool engine::state::judge_acknowledgement(time_point now, operation_list& list) {
    for (auto due = acknowledgement_due(list); due && !(now < *due); due = acknowledgement_due(list)) {
        operation& op = *list.front();
        const bool asks_again = wire.may_resend_while_connected && op.what == operation::kind::publish;
        if (!asks_again || op.repubs >= config.max_repubs) {
            end_connection(now, {.error = errc::acknowledgement_missing});
            return false;
        }
        ++op.repubs;
        ++count.republications;
        const bool released = op.now_in == operation::state::releasing;
        ops.move(op, released ? operation::state::release_due : operation::state::resend);
    }
    return true;
}

void engine::state::judge_silence(time_point now) {
    // While we refuse to read we cannot hear.
    if (!silent_since_ || inbox.full() || now - *silent_since_ < config.response_time) return;
    if (!probed_) {
        // However late we woke up, the probe has a whole response_time to be answered.
        probed_ = ping_due_ = true;
        silent_since_ = now;
        return;
    }
    end_connection(now, {.error = errc::silence});
}

void engine::state::on_time(time_point now) {
    while (!timers.empty() && !(now < timers.first().deadline)) end_wait(now, timers.first(), errc::timed_out);

    switch (phase_) {
    case phase::stopped: return;
    case phase::waiting:
        refresh_old(now);
        if (!(now < until_)) open(now);
        return;
    case phase::opening:
    case phase::handshake:
        if (!(now < until_)) return end_connection(now, {.error = errc::stage_timed_out});
        if (life_due_ && !(now < *life_due_)) replace_connection(now);
        return;
    case phase::draining: return check_drained(now);
    case phase::closing:
        if (leaving_ && !(now < until_)) close_transport(now);
        return;
    case phase::online: break;
    }
    if (!(now < ping_at_)) {
        ping_due_ = true;
        ping_at_ = now + ping_interval_;
        refresh_old(now);
    }
    if (life_due_ && !inbox.full() && !(now < *life_due_)) return replace_connection(now);
    judge_silence(now);
    if (!is_online()) return;
    if (const auto due = ping_answer_due(); due && !(now < *due))
        return end_connection(now, {.error = errc::acknowledgement_missing});
    if (!judge_acknowledgement(now, ops.awaiting)) return;
    if (!judge_acknowledgement(now, ops.awaiting_sub)) return;
    (void)judge_acknowledgement(now, ops.releasing);
}

std::optional<time_point> engine::state::deadline() const {
    std::optional<time_point> first;
    const auto consider = [&first](std::optional<time_point> t) {
        if (t && (!first || *t < *first)) first = t;
    };
    if (!timers.empty()) consider(timers.first().deadline);
    switch (phase_) {
    case phase::stopped: break;
    case phase::waiting:
    case phase::opening:
    case phase::draining: consider(until_); break;
    case phase::handshake:
        consider(until_);
        consider(life_due_);
        break;
    case phase::closing:
        if (leaving_) consider(until_);
        break;
    case phase::online:
        consider(ping_at_);
        if (inbox.full()) break;
        if (silent_since_) consider(*silent_since_ + config.response_time);
        consider(life_due_);
        consider(ping_answer_due());
        consider(acknowledgement_due(ops.awaiting));
        consider(acknowledgement_due(ops.awaiting_sub));
        consider(acknowledgement_due(ops.releasing));
        break;
    }
    return first;
}

}  // namespace mqtt_as
