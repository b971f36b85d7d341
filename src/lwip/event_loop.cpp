// The event loop, and the jobs that run on it.
#include "mqtt_as/lwip/event_loop.hpp"

#include "mqtt_as/lwip/client.hpp"
#include "mqtt_as/lwip/port.hpp"
#include "mqtt_as/lwip/task.hpp"

#include <algorithm>
#include <lwip/sys.h>

namespace mqtt_as {

namespace {

/// The interfaces are looked at this often, whatever else happens.
constexpr duration longest_sleep{250};

}  // namespace

time_point event_loop::time() { return time_point(sys_now()); }

void event_loop::run() {
    is_stopped_ = false;
    while (!is_stopped_) {
        const duration rest = turn();
        if (!is_stopped_) port::wait(rest);
    }
}

event_loop::~event_loop() {
    while (detail::waiter* w = ready_.pop()) w->on_end(*w);
}

duration event_loop::turn() {
    const time_point now = time();
    duration rest = longest_sleep;
    for (MQTTClient* c = clients_; c != nullptr; c = c->next_client_) rest = std::min(rest, c->turn(now));

    while (!sleeping_.empty()) {
        const duration left = static_cast<const detail::sleeping*>(sleeping_.first)->until - now;
        if (left.count() > 0) {
            rest = std::min(rest, left);
            break;
        }
        ready_.push(*sleeping_.pop());
    }
    if (!ready_.empty()) rest = duration(0);  // what they begin is for the next turn
    while (detail::waiter* w = ready_.pop()) w->on_end(*w);
    return std::max(rest, duration(0));
}

void event_loop::sleep(detail::sleeping& s, duration span) {
    s.until = time() + span;
    sleeping_.insert(s, [](const detail::waiter& mine, const detail::waiter& other) {
        return static_cast<const detail::sleeping&>(mine).until < static_cast<const detail::sleeping&>(other).until;
    });
}

void event_loop::end(detail::waiter& w, errc error) {
    w.error = error;
    ready_.push(w);
}

void event_loop::end_all(detail::waiter_list& list, errc error) { list.end_all(ready_, error); }

// ---- jobs -------------------------------------------------------------------------------------------------

void job::start(task<> what) {
    cancel();
    if (!what.frame_) {
        if (what.is_without_memory_) fail(errc::out_of_memory);
        return;
    }
    auto frame = std::exchange(what.frame_, {});
    frame.promise().on = this;
    top_ = frame;
    top_.resume();
}

void job::cancel() {
    if (top_) std::exchange(top_, {}).destroy();
    ended_ = false;
    error_ = errc::ok;
}

bool job::take_end() {
    if (!ended_) return false;
    const errc error = error_;
    cancel();
    error_ = error;
    return true;
}

}  // namespace mqtt_as
