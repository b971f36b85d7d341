// What the engine reports, brought to those who wait for it. All of this runs under the lock and runs no user code.
#include "src/asio/clock.hpp"
#include "src/asio/core.hpp"

#include <atomic>
#include <utility>

namespace mqtt_as::detail {

inline void core::on_done(const op_done& d) {
    if (d.finished) {
        room_ = true;
        if (d.kept_payload) let_go_of_payload(d.id);
    }
    auto* const who = static_cast<operation_waiter*>(d.owner);
    if (who == nullptr) return;
    operation_result& result = who->result;
    result.reason = d.reason;
    result.may_have_been_delivered = d.may_have_been_delivered;
    result.may_be_duplicated = d.may_be_duplicated;
    if (!d.properties.empty()) result.properties = property_list(d.properties);
    make_ready(who, d.error);
}

void core::collect() {
    while (const op_done* done = engine_.poll_done()) on_done(*done);
    while (const auto e = engine_.poll_event()) std::visit([this](const auto& what) { on_event(what); }, *e);
}

void core::enlist(waiter* who, list_name list) noexcept {
    who->wait_in(list);
    lists_[list].push(who);
}

void core::end_list(list_name list, errc error) noexcept {
    while (waiter* who = lists_[list].pop()) make_ready(who, who->error == errc::ok ? error : who->error);
}

// ---- the connection ---------------------------------------------------------------------------------------

void core::on_event(const connected& c) {
    online_.store(true, std::memory_order_relaxed);
    while (waiter* who = lists_[connecting].pop()) {
        auto& result = static_cast<result_waiter<connect_result>*>(who)->result;
        result.session_present = c.session_present;
        result.properties = property_list(c.properties);
        result.at = stage::online;
        make_ready(who, errc::ok);
    }
    failure_.reset();
    accepted_at_ = boot_time();
    raise_flag(true);
    notices_.push_back({.what = notice::kind::connected});
    if (!c.first) note("Reconnect OK!");
}

void core::on_event(const renewed&) { notices_.push_back({.what = notice::kind::renewed}); }

void core::on_event(const renewal_refused& r) {
    notices_.push_back({.what = notice::kind::refused, .text = std::string(r.filter), .reason = r.reason});
}

bool core::has_held() const { return boot_time() - accepted_at_ >= settings_.engine().backoff.stable_after; }

void core::on_event(const disconnected& d) {
    const std::string error_text = why_ != nullptr ? why_->text : std::string();
    if (!lists_[connecting].empty()) {
        failure_ = std::make_unique<connect_result>(connect_result{.session_present = false,
                                                                   .properties = property_list(d.properties),
                                                                   .at = d.at,
                                                                   .reason = d.reason,
                                                                   .why = d.why,
                                                                   .transport_error = d.transport_error,
                                                                   .error_text = error_text,
                                                                   .can_retry_help = d.can_retry_help});
    }
    if (tls_) tls_->error_text = error_text;
    std::string text = describe(d, error_text);
    if (!last_address_.empty()) text += " (" + last_address_ + ")";
    if (!d.was_online) return note("Attempt failed: " + text);
    online_.store(false, std::memory_order_relaxed);
    soon_lost_ = d.error == errc::connection_closed && !has_held() ? soon_lost_ + 1 : 0;
    end_deliveries();
    end_asking(false);
    raise_flag(false);
    notices_.push_back({.what = notice::kind::lost, .text = "Connection lost: " + text});
}

void core::on_event(const waiting& w) {
    note("The next attempt is in " + std::to_string(w.for_duration.count()) +
         " ms; failed so far: " + std::to_string(w.attempt) + ".");
}

void core::on_event(const gave_up& g) {
    started_ = false;
    online_.store(false, std::memory_order_relaxed);
    const auto failure = std::exchange(failure_, nullptr);
    while (waiter* who = lists_[connecting].pop()) {
        if (failure) static_cast<result_waiter<connect_result>*>(who)->result = *failure;
        make_ready(who, who->error == errc::ok ? g.last.error : who->error);
    }
    end_list(disconnecting, errc::ok);
    end_asking(false);
    end_parked(errc::stopped);
    note("Gave up: no more attempts.");
}

void core::on_event(const stopped&) {
    started_ = false;
    online_.store(false, std::memory_order_relaxed);
    end_deliveries();
    end_list(connecting, closed_ ? errc::closed : errc::stopped);
    end_list(disconnecting, closed_ ? errc::closed : errc::ok);
    end_asking(false);
    end_parked(closed_ ? errc::closed : errc::stopped);
    notices_.push_back({.what = notice::kind::stopped});
}

void core::note(std::vector<std::string> lines) {
    for (std::string& line : lines) note(std::move(line));
}

void core::note(std::string text) { notices_.push_back({.what = notice::kind::text, .text = std::move(text)}); }

void core::raise_flag(bool up) {
    (up ? up_ : down_) = true;
    end_list(up ? waiting_up : waiting_down, errc::ok);
}

void core::end_asking(bool answer) {
    if (questions_.empty()) return;
    std::erase_if(questions_, [this, answer](const question& q) {
        if (answer && q.reads == reads_) return false;  // it was asked after these bytes had come
        q.who->result = answer;
        make_ready(q.who, errc::ok);
        return true;
    });
}

// ---- messages ---------------------------------------------------------------------------------------------

/// Runs user code without the lock.
void core::deliver(lock_type& lock, message_batch& batch) {
    if (batch.empty()) return;
    if (!ready_.empty() || !notices_.empty()) run_ready(lock);  // what came earlier is told earlier
    if (const message_callback& call = settings_.keys().subs_cb) {
        std::uint32_t connection = 0;
        if (held_) {
            connection = held_->connection;
            for (const message& m : batch.messages())
                if (m.qos != 0) held_->entries.push_back({m.id, now_});  // from here on it may be acknowledged
        }
        mutex_.unlock();  // `lock` has it again before it can miss it
        for (const message& m : batch.messages()) {
            if (closed_) break;
            try {
                call(received_message(m, connection));
            } catch (...) {
                report(std::current_exception(), "subs_cb");
            }
        }
        mutex_.lock();
    }
    if (queue_ || held_) {
        keep(batch);
    } else {
        for (const message& m : batch.messages()) engine_.acknowledge(now_, m.id);
    }
    batch.clear();
}

/// What is not acknowledged at once.
void core::keep(message_batch& batch) {
    for (const message& m : batch.messages()) {
        if (queue_ && !closed_) {
            enqueue(now_, m);
        } else if (!held_ || m.qos == 0) {
            engine_.acknowledge(now_, m.id);
        }
    }
}

void core::enqueue(time_point now, const message& m) {
    queued_message copy(m);
    if (waiter* who = lists_[receiving].pop()) {
        hand_over(now, copy);
        static_cast<result_waiter<queued_message>*>(who)->result = std::move(copy);
        return make_ready(who, errc::ok);
    }
    const front_keys& c = settings_.keys();
    if (c.on_overflow == overflow_policy::discard_oldest && queue_->size() >= c.queue_len) {
        engine_.acknowledge(now, queue_->front().delivery_.id_);
        queue_->pop_front();
        ++discards_;
    }
    queue_->push_back(std::move(copy));
}

queued_message core::take_from_queue(time_point now) {
    queued_message taken = std::move(queue_->front());
    queue_->pop_front();
    hand_over(now, taken);
    return taken;
}

/// From the queue to the application: acknowledged by that, or later by hand.
void core::hand_over(time_point now, queued_message& m) {
    if (!held_ || m.qos_ == 0) return engine_.acknowledge(now, m.delivery_.id_);
    m.delivery_.connection_ = held_->connection;
    held_->entries.push_back({m.delivery_.id_, now});
}

/// The connection is over: what the application has not acknowledged is delivered again by the next one, and cannot be
/// acknowledged any more. What still lies in the queue has not been delivered at all.
void core::end_deliveries() {
    if (!held_) return;
    for (const auto& each : std::exchange(held_->entries, {})) engine_.forget(each.id);
    static std::atomic<std::uint32_t> connections{0};  // of all clients: who takes one for the other does no harm
    held_->connection = ++connections;
}

}  // namespace mqtt_as::detail
