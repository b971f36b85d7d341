// The kernel's events, and what they mean for those who watch.
#include "src/link/rtnetlink_monitor.hpp"

#include <array>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <cerrno>
#include <ctime>
#include <limits>
#include <linux/rtnetlink.h>
#include <sys/timerfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace mqtt_as::detail {

namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// A cable that is plugged in makes a dozen events: they are looked at together.
constexpr milliseconds burst{5};
constexpr milliseconds try_again{1'000};  // when the kernel had no memory or no descriptor to answer
/// A suspend is longer than what the two clocks differ by when they are read one after the other.
constexpr milliseconds shortest_sleep{200};

constexpr unsigned group_bit(unsigned group) { return 1u << (group - 1); }
constexpr unsigned groups = group_bit(RTNLGRP_LINK) | group_bit(RTNLGRP_IPV4_IFADDR) | group_bit(RTNLGRP_IPV6_IFADDR) |
                            group_bit(RTNLGRP_IPV4_ROUTE) | group_bit(RTNLGRP_IPV6_ROUTE) |
                            group_bit(RTNLGRP_IPV4_RULE) | group_bit(RTNLGRP_IPV6_RULE);

/// A timer that never fires but is cancelled when the wall clock is set: the kernel does so at each resume. (A timer of
/// CLOCK_BOOTTIME would have to fire again and again to notice one.)
int open_wake_up_timer() {
    const int fd = ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0) throw std::system_error(errno, std::system_category(), "timerfd");
    return fd;
}

void arm_wake_up_timer(int fd) {
    itimerspec never{};
    never.it_value.tv_sec = std::numeric_limits<std::time_t>::max();
    ::timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
}

milliseconds clock_ms(clockid_t clock) {
    timespec t;
    ::clock_gettime(clock, &t);
    return std::chrono::seconds(t.tv_sec) + milliseconds(t.tv_nsec / 1'000'000);
}

/// One monitor per event loop.
class monitor_service : public asio::execution_context::service {
public:
    static inline asio::execution_context::id id;
    using key_type = monitor_service;

    explicit monitor_service(asio::execution_context& context) : service(context) {}
    const std::shared_ptr<rtnetlink_monitor>& monitor() const { return monitor_; }

private:
    void shutdown() override { monitor_->shut_down(); }
    std::shared_ptr<rtnetlink_monitor> monitor_ = std::make_shared<rtnetlink_monitor>();
};

}  // namespace

milliseconds time_asleep() noexcept { return clock_ms(CLOCK_BOOTTIME) - clock_ms(CLOCK_MONOTONIC); }

/// The routes asked for during one look: a thousand clients of one server ask once.
class answers {
public:
    explicit answers(route_finder& finder) : finder_(finder) {}
    const std::optional<route>& to(const asio::ip::address& server) {
        for (const auto& [known, found] : known_) {
            if (known == server) return found;
        }
        return known_.emplace_back(server, finder_.find(server)).second;
    }

private:
    route_finder& finder_;
    std::vector<std::pair<asio::ip::address, std::optional<route>>> known_;
};

struct rtnetlink_monitor::descriptors {
    explicit descriptors(const asio::any_io_executor& executor)
        : events(executor, open_netlink(groups)), wake_up(executor, open_wake_up_timer()), timer(executor) {}

    asio::posix::stream_descriptor events;
    asio::posix::stream_descriptor wake_up;
    asio::steady_timer timer;
    route_finder finder;
    milliseconds asleep = time_asleep();
    bool will_look = false;
};

std::shared_ptr<rtnetlink_monitor> rtnetlink_monitor::of(const asio::any_io_executor& executor) {
    return asio::use_service<monitor_service>(asio::query(executor, asio::execution::context)).monitor();
}

// ---- who watches ------------------------------------------------------------------------------------------

rtnetlink_monitor::place rtnetlink_monitor::add(watcher w) {
    const std::lock_guard lock(mutex_);
    if (!open_ && !is_over_) {
        open_ = std::make_shared<descriptors>(w.executor);
        wait_for_events();
        wait_for_wake_up();
    }
    w.told.sleeps = sleeps_;
    watchers_.push_front(std::move(w));
    return watchers_.begin();
}

void rtnetlink_monitor::remove(place p) {
    const std::lock_guard lock(mutex_);
    watchers_.erase(p);
    if (watchers_.empty()) open_.reset();
}

void rtnetlink_monitor::ask(place p, link_question q) {
    const std::lock_guard lock(mutex_);
    p->question = std::move(q);
    look_in(burst);
}

void rtnetlink_monitor::on_clock_set(milliseconds asleep) {
    const std::lock_guard lock(mutex_);
    if (open_) note_sleep(asleep);
}

void rtnetlink_monitor::shut_down() noexcept {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    open_.reset();
}

// ---- what happens -----------------------------------------------------------------------------------------

/// Each handler keeps the monitor, not the descriptors: those are closed, and their waits ended, when the last one
/// leaves. A handler that comes late finds others, or none. One type for all three, because each one has Asio make code
/// of its own.
std::function<void(boost::system::error_code)> rtnetlink_monitor::calling(void (rtnetlink_monitor::*what)()) {
    return [self = shared_from_this(), of = std::weak_ptr(open_), what](boost::system::error_code cancelled) {
        const std::lock_guard lock(self->mutex_);
        if (!cancelled && self->open_ && of.lock() == self->open_) (self.get()->*what)();
    };
}

void rtnetlink_monitor::wait_for_events() {
    open_->events.async_wait(asio::posix::descriptor_base::wait_read, calling(&rtnetlink_monitor::on_events));
}

void rtnetlink_monitor::on_events() {
    // What does not fit is cut off, and nobody misses it. An error says that events were lost: the more reason to look.
    std::array<char, 64> ignored;
    while (::read(open_->events.native_handle(), ignored.data(), ignored.size()) > 0) {
    }
    look_in(burst);
    wait_for_events();
}

void rtnetlink_monitor::wait_for_wake_up() {
    arm_wake_up_timer(open_->wake_up.native_handle());
    open_->wake_up.async_wait(asio::posix::descriptor_base::wait_read, calling(&rtnetlink_monitor::on_wake_up));
}

void rtnetlink_monitor::on_wake_up() {
    note_sleep(time_asleep());  // the read would say ECANCELED: the clock was set
    wait_for_wake_up();
}

void rtnetlink_monitor::note_sleep(milliseconds asleep) {
    if (asleep - std::exchange(open_->asleep, asleep) < shortest_sleep) return;
    ++sleeps_;
    look_in(burst);
}

void rtnetlink_monitor::look_in(milliseconds delay) {
    if (!open_ || std::exchange(open_->will_look, true)) return;
    open_->timer.expires_after(delay);
    open_->timer.async_wait(calling(&rtnetlink_monitor::on_timer));
}

void rtnetlink_monitor::on_timer() {
    open_->will_look = false;
    look();
}

void rtnetlink_monitor::look() {
    const auto table = interface_table::read();
    if (!table) return look_in(try_again);
    answers routes(open_->finder);
    for (watcher& w : watchers_) {
        link_state now = judge(w, *table, routes);
        if (now == w.told) continue;
        w.told = now;
        asio::post(w.executor, std::function<void()>([listener = w.listener, now = std::move(now)] {
                       if (const auto who = listener.lock()) who->on_link(now);
                   }));
    }
}

link_state rtnetlink_monitor::judge(const watcher& w, const interface_table& table, answers& routes) const {
    const link_question& q = w.question;
    link_state s;
    s.keeps_address = !q.own || table.has(*q.own);
    s.sleeps = sleeps_;
    s.question = q.number;
    if (q.servers.empty()) {
        s.up = table.has_any_way();
        if (!s.up) s.text = "no interface is up and has an address";
        return s;
    }
    for (const auto& server : q.servers) {
        const auto& found = routes.to(server);
        if (!found) continue;
        s.up = table.runs(found->interface);
        s.interface = found->interface;
        s.source = found->source;
        s.text = table.describe(found->interface);
        if (s.up) return s;
    }
    s.up = false;
    if (s.interface != 0) return s;  // a route, by an interface that does not run
    s.text = "no route to " + q.servers.front().to_string();
    // The interface of before, as long as it is not well, is the better reason.
    s.interface = w.told.interface;
    if (s.interface != 0 && !table.runs(s.interface)) s.text = table.describe(s.interface);
    return s;
}

}  // namespace mqtt_as::detail
