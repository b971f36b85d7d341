// What the application does, and what it holds the engine to: see application.hpp.
#include "tests/sim/application.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace mqtt_as::sim {
namespace {

constexpr std::size_t head_bytes_max = 32;  // of a PUBLISH of ours, before its payload

/// What the application's own code throws.
struct mishap {};

duration ms(std::uint64_t n) { return duration(static_cast<std::int32_t>(n)); }

}  // namespace

application::application(schedule& time, random_source random, judge& j, tally& t, oracle& o, broker& b, network& n,
                         front& f, engine& e, const limits& l)
    : time_(time), random_(random), judge_(j), tally_(t), oracle_(o), broker_(b), network_(n), front_(f), engine_(e),
      limits_(l) {
    front_.on_event = [this](const any_event& e2) { on_event(e2); };
    front_.on_drained = [this] { acknowledge_what_is_due(); };
}

// ---- requests -----------------------------------------------------------------------------------

errc application::start(bool retry) {
    const errc error = engine_.start(time_.engine_time(), retry);
    if (error == errc::ok) {
        is_running_ = true;
        is_stopping_ = false;
    }
    front_.after_call();
    return error;
}

void application::stop(std::uint64_t grace_ms) {
    oracle_.stop_asked();
    is_stopping_ = true;
    const std::size_t told = notes_.size();
    engine_.stop(time_.engine_time(), ms(grace_ms));
    front_.after_call();
    expect_stopped(std::max(time_.now() + grace_ms, front_.awake_at()) + 2'000, told);
}

/// Bounded time: the grace, and what closing takes; a front that sleeps does so later.
void application::expect_stopped(moment limit, std::size_t told) {
    later(limit - time_.now(), [this, told] {
        for (std::size_t i = told; i < notes_.size(); ++i)
            if (notes_[i].what == note::kind::stopped) return;
        if (front_.awake_at() + 2'000 > time_.now()) return expect_stopped(front_.awake_at() + 2'000, told);
        judge_.object("stop did not complete within its grace");
    });
}

void application::later(std::uint64_t ms, std::function<void()> what) {
    time_.after(ms, [this, process = process_, what = std::move(what)] {
        if (process == process_) what();
    });
}

void application::begin_again(const limits& l) {
    ++process_;
    limits_ = l;
    filters_.clear();
    due_.clear();
    kept_.clear();
    open_.clear();
    held_ = 0;
    restart_after_ms_.reset();
    is_online_ = is_renewed_ = is_running_ = is_stopping_ = is_closed_ = false;
}

void application::close() {
    oracle_.stop_asked();
    is_closed_ = true;
    restart_after_ms_.reset();
    engine_.close(time_.engine_time());
    front_.after_call();
    judge_.demand(oracle_.unreported() == 0, "close left operations unreported");
}

std::uint32_t application::record(const submitted& s, operation op) {
    last_rejection_ = s.error;
    std::uint32_t serial = 0;
    if (s.error == errc::ok) {
        op.id = s.id;
        if (op.what != deed::publish) {
            filter_state& f = filters_[op.topic];
            // A later request for the same filter may end an earlier one.
            if (operation* earlier = oracle_.find(f.latest); f.under_way > 0 && earlier != nullptr)
                earlier->cancel_asked = true;
            ++f.under_way;
            f.latest = s.id;
            // What was refused at renewal is answered alike for the rest of the connection.
            op.refused = op.what == deed::subscribe && f.was_refused_at_renewal;
        }
        serial = oracle_.accepted(std::move(op)).serial;
    } else {
        judge_rejection(s.error, op);
    }
    front_.after_call();
    return serial;
}

void application::judge_rejection(errc error, const operation& op) {
    const status now = engine_.look();
    switch (error) {
    case errc::queue_full:
        tally_.happened(fault::full_queue);
        judge_.demand(now.unfinished >= limits_.operations_max || now.payload_bytes > 0 ||
                          now.subscriptions >= limits_.subscriptions_max,
                      "queue_full, but the queue is not full");
        break;
    case errc::out_of_memory:
        // A board's one block may be full, or in pieces that are too small: filters stay where they found a place.
        judge_.demand(limits_.packet_bytes_max <= 65'535 && (now.unfinished > 0 || now.subscriptions > 0),
                      "out of memory without need");
        break;
    case errc::not_started: judge_.demand(!is_running_ || is_stopping_, "not_started, but it is"); break;
    case errc::closed: judge_.demand(is_closed_, "closed, but it is not"); break;
    case errc::too_large:
        judge_.demand(is_online_ || op.size + head_bytes_max > limits_.packet_bytes_max, "too_large, but it is not");
        break;
    case errc::unsupported_by_server: judge_.demand(is_online_, "a server's limit without a server"); break;
    default: judge_.object("a good " + op.topic + " was rejected: " + std::string(describe(error))); break;
    }
}

std::uint32_t application::publish(const publish_spec& spec) {
    operation op{.what = deed::publish, .topic = spec.topic, .qos = spec.qos, .size = spec.size};
    byte_string payload = make_payload('c', oracle_.next_serial(), spec.size);
    publish_request request{.topic = spec.topic,
                            .payload = payload,
                            .qos = spec.qos,
                            .retain = spec.retain,
                            .payload_stays = spec.by_reference,
                            .timeout = ms(spec.timeout_ms)};
    if (spec.timeout_ms > 0) op.deadline = time_.now() + spec.timeout_ms;
    const submitted s = engine_.publish(time_.engine_time(), request);
    const std::size_t waiting = engine_.look().payload_bytes;
    judge_.demand(s.error != errc::ok || waiting <= std::max(limits_.payload_bytes_max, payload.size()),
                  "more payload than payload_bytes_max");
    if (spec.by_reference) op.kept = std::move(payload);  // the vector's block stays where it is
    return record(s, std::move(op));
}

std::uint32_t application::subscribe(const subscribe_spec& spec) {
    operation op{.what = deed::subscribe, .topic = spec.filter, .qos = spec.qos, .options = spec.options()};
    if (spec.timeout_ms > 0) op.deadline = time_.now() + spec.timeout_ms;
    const subscription request{.filter = spec.filter,
                               .qos = spec.qos,
                               .no_local = spec.no_local,
                               .retain_as_published = spec.retain_as_published,
                               .retain_handling = spec.retain_handling,
                               .timeout = ms(spec.timeout_ms)};
    return record(engine_.subscribe(time_.engine_time(), request), std::move(op));
}

std::uint32_t application::unsubscribe(const std::string& filter, std::uint64_t timeout_ms) {
    operation op{.what = deed::unsubscribe, .topic = filter};
    if (timeout_ms > 0) op.deadline = time_.now() + timeout_ms;
    const unsubscription request{.filter = filter, .timeout = ms(timeout_ms)};
    return record(engine_.unsubscribe(time_.engine_time(), request), std::move(op));
}

cancel_result application::cancel(std::uint32_t serial, cancel_scope scope) {
    operation& op = oracle_.at(serial);
    const bool was_reported = op.reported;
    op.cancel_asked = true;
    const cancel_result result = engine_.cancel(time_.engine_time(), op.id, scope);
    judge_.demand(!was_reported || result == cancel_result::not_cancelled, "a finished operation was cancelled");
    front_.after_call();
    if (result == cancel_result::cancelled) {
        tally_.happened(fault::cancel);
        judge_.demand(op.reported && op.error == errc::cancelled, "cancelled, but not reported so");
        judge_.demand(scope != cancel_scope::if_untouched || op.arrivals == 0, "untouched, but the broker saw it");
    }
    return result;
}

void application::hold_messages(bool on) {
    holds_ = on;
    if (on) return;
    due_.insert(due_.end(), kept_.begin(), kept_.end());
    kept_.clear();
    acknowledge_what_is_due();
    front_.after_call();
}

// ---- events -------------------------------------------------------------------------------------

void application::on_event(const any_event& e) {
    if (const auto* done = std::get_if<op_done>(&e)) {
        if (sabotage_ == sabotage::lost_report) {
            sabotage_ = sabotage::none;
            return;
        }
        on_done(*done);
        if (sabotage_ == sabotage::double_report) oracle_.reported(*done);
    } else if (const auto* m = std::get_if<message>(&e)) {
        on_message(*m);
    } else if (const auto* r = std::get_if<released>(&e)) {
        oracle_.released(r->id);
    } else if (const auto* c = std::get_if<connected>(&e)) {
        on_connected(*c);
    } else if (std::holds_alternative<renewed>(e)) {
        on_renewed();
    } else if (const auto* refused = std::get_if<renewal_refused>(&e)) {
        filters_[std::string(refused->filter)].was_refused_at_renewal = true;
        oracle_.filter_refused(std::string(refused->filter));
        notes_.push_back({.when = time_.now(), .what = note::kind::renewal_refused});
    } else if (const auto* d = std::get_if<disconnected>(&e)) {
        tally_.outages += d->was_online;
        on_over(note::kind::disconnected, *d);
    } else if (const auto* w = std::get_if<waiting>(&e)) {
        notes_.push_back({.when = time_.now(),
                          .what = note::kind::waiting,
                          .wait_ms = static_cast<std::uint64_t>(w->for_duration.count())});
    } else if (const auto* g = std::get_if<gave_up>(&e)) {
        on_over(note::kind::gave_up, g->last);
        is_running_ = false;
        oracle_.gave_up();
        judge_.demand(oracle_.unreported() == 0, "gave up, but not every operation was reported");
        later(random_.between(100, 5'000), [this] {
            if (!is_running_ && !is_closed_) start(true);
        });
    } else if (std::holds_alternative<stopped>(e)) {
        on_over(note::kind::stopped, {});
        is_running_ = false;
        judge_.demand(oracle_.unreported() == 0, "stopped, but not every operation was reported");
        if (restart_after_ms_)
            later(*std::exchange(restart_after_ms_, std::nullopt), [this] {
                if (!is_running_ && !is_closed_) start(true);
            });
    }
}

void application::on_done(const op_done& done) {
    operation* op = oracle_.find(done.id);
    if (op != nullptr && op->what != deed::publish) {
        filter_state& f = filters_[op->topic];
        --f.under_way;
        if (done.error == errc::ok && op->id == f.latest) {
            f.is_wanted = op->what == deed::subscribe;
            f.options = op->options;
            if (op->what == deed::subscribe)
                judge_.demand(static_cast<std::uint8_t>(done.reason) <= op->qos,
                              "a higher qos than asked for was granted");
        } else if (done.error != errc::ok) {
            f.is_wanted = false;
            f.is_uncertain = true;
        }
    }
    oracle_.reported(done);
}

void application::on_message(const message& m) {
    inbound* in = oracle_.received(m);
    if (in == nullptr) return;
    ++held_;
    judge_.demand(held_ <= limits_.inbound_max, "more messages given out than inbound_max");
    if (m.qos > 0) open_.emplace_back(m.id, in);
    if (sabotage_ == sabotage::early_acknowledge && m.qos > 0) {
        sabotage_ = sabotage::none;
        return later(0, [this, id = m.id] {
            engine_.acknowledge(time_.engine_time(), id);
            front_.after_call();
        });
    }
    ++tally_.received[in->qos];
    try {
        handle(m, *in);
    } catch (const mishap&) {
        due_.emplace_back(m.id, in);  // it has had the message, as fronts see it
    }
}

void application::handle(const message& m, inbound& in) {
    if (std::exchange(throws_, false)) {
        tally_.happened(fault::throwing_application);
        throw mishap{};
    }
    if (holds_) return kept_.emplace_back(m.id, &in), void();
    if (slow_ms_ == 0) return due_.emplace_back(m.id, &in), void();
    tally_.happened(fault::slow_application);
    later(random_.between(0, slow_ms_), [this, id = m.id, &in] {
        acknowledge(id, in);
        front_.after_call();
    });
}

void application::acknowledge_what_is_due() {
    for (const auto& [id, in] : std::exchange(due_, {})) {
        acknowledge(id, *in);
        front_.after_call();
    }
}

void application::acknowledge(acknowledge_id id, inbound& in) {
    if (in.qos > 0 && std::erase(open_, std::pair{id, &in}) == 0) return;  // forgotten
    --held_;
    oracle_.acknowledged(in);
    engine_.acknowledge(time_.engine_time(), id);
}

void application::forget_what_is_held() {
    for (const auto& [id, in] : std::exchange(open_, {})) {
        --held_;
        oracle_.forgotten(*in);
        engine_.forget(id);
    }
}

void application::on_connected(const connected& c) {
    judge_.demand(!is_online_, "connected twice without disconnected between");
    is_online_ = true;
    is_renewed_ = false;
    for (auto& [filter, f] : filters_) f.was_refused_at_renewal = false;
    notes_.push_back({.when = time_.now(), .what = note::kind::connected, .session_present = c.session_present});
}

/// Wanted subscriptions are at the broker before `renewed` is told.
void application::on_renewed() {
    judge_.demand(is_online_ && !is_renewed_, "renewed out of place");
    is_renewed_ = true;
    notes_.push_back({.when = time_.now(), .what = note::kind::renewed});
    judge_subscriptions();
}

void application::judge_subscriptions() const {
    if (broker_.current() != network_.current()) return;  // the broker has moved on since
    for (const auto& [filter, f] : filters_) {
        if (!f.is_wanted || f.under_way > 0 || f.is_uncertain || f.was_refused_at_renewal) continue;
        const auto there = broker_.subscription_of(filter);
        if (!there) return judge_.object("renewed, but the broker has no subscription of " + filter);
        if (*there != f.options) return judge_.object(filter + " is subscribed with other options than asked for");
    }
}

void application::on_over(note::kind what, const disconnected& d) {
    is_online_ = false;
    is_renewed_ = false;
    if (forgets_ && (d.was_online || what == note::kind::stopped)) forget_what_is_held();
    notes_.push_back({.when = time_.now(), .what = what, .error = d.error});
}

}  // namespace mqtt_as::sim
