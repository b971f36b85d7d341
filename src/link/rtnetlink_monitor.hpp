// Watches the kernel's network for all clients of an event loop: two netlink sockets and a timer for all of them.
//
// Theory of operation. An event of the kernel (an interface, an address, a route, a rule) says only that something has
// changed. A few milliseconds later, when the burst it belongs to is over, the kernel is asked how things are: one look
// at the interfaces, one question per server. Lost events do no harm, and nothing has to be kept in step. Each watcher
// whose answer has changed is told, on its own executor.
//
// While nobody watches there are no sockets, and nothing keeps the event loop from ending.
#pragma once

#include "src/link/kernel_routes.hpp"
#include "src/link/link.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

namespace mqtt_as::detail {

class answers;

class rtnetlink_monitor : public std::enable_shared_from_this<rtnetlink_monitor> {
public:
    /// The one of the executor's event loop.
    static std::shared_ptr<rtnetlink_monitor> of(const boost::asio::any_io_executor&);

    struct watcher {
        boost::asio::any_io_executor executor;
        std::weak_ptr<link_events> listener;
        link_question question;
        link_state told;
    };
    using place = std::list<watcher>::iterator;

    /// Throws std::system_error where there is no netlink.
    place add(watcher);
    void remove(place);
    void ask(place, link_question);
    /// The wall clock was set, as it is at each resume from a suspend. `asleep`: as of `time_asleep()`.
    void on_clock_set(std::chrono::milliseconds asleep);
    /// The event loop is ending: nobody is told any more.
    void shut_down() noexcept;

private:
    struct descriptors;

    void close() noexcept;
    void wait_for_events();
    void on_events();
    void wait_for_wake_up();
    void on_wake_up();
    void on_timer();
    void note_sleep(std::chrono::milliseconds asleep);
    void look_in(std::chrono::milliseconds delay);
    void look();
    link_state judge(const watcher&, const interface_table&, answers&) const;

    std::mutex mutex_;
    std::list<watcher> watchers_;
    std::shared_ptr<descriptors> open_;  // while somebody watches
    bool is_over_ = false;
    std::uint32_t sleeps_ = 0;
};

/// How long the machine has slept since it started.
std::chrono::milliseconds time_asleep() noexcept;

}  // namespace mqtt_as::detail
