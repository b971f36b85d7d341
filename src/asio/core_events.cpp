// What the engine reports, brought to those who wait for it. All of this runs under the lock and runs no user code.
#include "src/asio/clock.hpp"
#include "src/asio/core.hpp"

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
    raise_flag(true);
    notices_.push_back({.what = notice::kind::connected});
    if (!c.first) note("Reconnect OK!");
}

void core::on_event(const renewed&) { notices_.push_back({.what = notice::kind::renewed}); }

void core::on_event(const renewal_refused& r) {
    notices_.push_back({.what = notice::kind::refused, .text = std::string(r.filter), .reason = r.reason});
}

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
    note("Gave up: no more attempts.");
}

void core::on_event(const stopped&) {
    started_ = false;
    online_.store(false, std::memory_order_relaxed);
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
        mutex_.unlock();  // `lock` has it again before it can miss it
        for (const message& m : batch.messages()) {
            if (closed_) break;
            try {
                call(received_message(m));
            } catch (...) {
                report(std::current_exception(), "subs_cb");
            }
        }
        mutex_.lock();
    }
    for (const message& m : batch.messages()) {
        if (queue_ && !closed_) {
            enqueue(now_, m);
        } else {
            engine_.acknowledge(now_, m.id);
        }
    }
    batch.clear();
}

void core::enqueue(time_point now, const message& m) {
    if (waiter* who = lists_[receiving].pop()) {
        static_cast<result_waiter<queued_message>*>(who)->result = queued_message(m);
        make_ready(who, errc::ok);
        engine_.acknowledge(now, m.id);
        return;
    }
    const front_keys& c = settings_.keys();
    if (c.on_overflow == overflow_policy::discard_oldest && queue_->size() >= c.queue_len) {
        engine_.acknowledge(now, queue_->front().id);
        queue_->pop_front();
        ++discards_;
    }
    queue_->push_back({queued_message(m), m.id});
}

queued_message core::take_from_queue(time_point now) {
    queue_entry taken = std::move(queue_->front());
    queue_->pop_front();
    engine_.acknowledge(now, taken.id);
    return std::move(taken.message);
}

}  // namespace mqtt_as::detail
