// The kernel's events, and what they mean for those who watch.
#include "src/link/rtnetlink_monitor.hpp"

#include "src/link/io_executor.hpp"

#include <array>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <cerrno>
#include <ctime>
#include <limits>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
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

/// Each wait keeps the descriptors and, by that, the executor that they borrow. A wait that ends when others are open,
/// or none, is nobody's. They are waited for as the front waits for its sockets: other types would have Asio make their
/// code.
struct rtnetlink_monitor::descriptors : std::enable_shared_from_this<descriptors> {
    descriptors(const asio::any_io_executor& given, std::weak_ptr<rtnetlink_monitor> m)
        : executor(given), monitor(std::move(m)),
          events(io_executor(&executor), stream_protocol(AF_NETLINK, NETLINK_ROUTE), open_netlink(groups)),
          wake_up(io_executor(&executor), stream_protocol(AF_UNSPEC, 0), open_wake_up_timer()),
          timer(io_executor(&executor)) {}

    /// Calls `what` under the lock, if the wait has not been cancelled.
    template <void (rtnetlink_monitor::*what)()>
    wait_handler calling() {
        return wait_handler::calling<&descriptors::ended<what>>(shared_from_this());
    }
    void close() noexcept {
        boost::system::error_code ignored;
        events.close(ignored);
        wake_up.close(ignored);
        timer.cancel();
    }

    const asio::any_io_executor executor;
    const std::weak_ptr<rtnetlink_monitor> monitor;
    stream_socket events;
    stream_socket wake_up;
    steady_timer timer;
    route_finder finder;
    milliseconds asleep = time_asleep();
    bool will_look = false;

private:
    template <void (rtnetlink_monitor::*what)()>
    void ended(boost::system::error_code cancelled) {
        const auto m = monitor.lock();
        if (cancelled || !m) return;
        const std::lock_guard lock(m->mutex_);
        if (m->open_.get() == this) (m.get()->*what)();
    }
};

std::shared_ptr<rtnetlink_monitor> rtnetlink_monitor::of(const asio::any_io_executor& executor) {
    return asio::use_service<monitor_service>(asio::query(executor, asio::execution::context)).monitor();
}

// ---- who watches ------------------------------------------------------------------------------------------

rtnetlink_monitor::place rtnetlink_monitor::add(watcher w) {
    const std::lock_guard lock(mutex_);
    if (!open_ && !is_over_) {
        open_ = std::make_shared<descriptors>(w.executor, weak_from_this());
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
    if (watchers_.empty()) close();
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
    close();
}

void rtnetlink_monitor::close() noexcept {
    if (const auto closing = std::exchange(open_, nullptr)) closing->close();
}

// ---- what happens -----------------------------------------------------------------------------------------

void rtnetlink_monitor::wait_for_events() {
    open_->events.async_wait(stream_socket::wait_read, open_->calling<&rtnetlink_monitor::on_events>());
}

void rtnetlink_monitor::on_events() {
    // What does not fit is cut off, and nobody misses it. An error says that events were lost: the more reason to look.
    std::array<char, 64> ignored;
    const int events = open_->events.native_handle();
    while (::recvfrom(events, ignored.data(), ignored.size(), MSG_DONTWAIT, nullptr, nullptr) > 0) {
    }
    look_in(burst);
    wait_for_events();
}

void rtnetlink_monitor::wait_for_wake_up() {
    arm_wake_up_timer(open_->wake_up.native_handle());
    open_->wake_up.async_wait(stream_socket::wait_read, open_->calling<&rtnetlink_monitor::on_wake_up>());
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
    open_->timer.async_wait(open_->calling<&rtnetlink_monitor::on_timer>());
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
