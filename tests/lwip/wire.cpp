// Frames between a board and libslirp.
#include "tests/lwip/wire.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <climits>
#include <csignal>
#include <deque>
#include <mutex>
#include <poll.h>
#include <random>
#include <slirp/libslirp.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace mqtt_as::lwip_test {

namespace {

std::int64_t nanoseconds() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

struct wire::slirp_end {
    using stored_frame = std::vector<std::uint8_t>;

    slirp_end(wire& w, std::function<void(frame)> receiver) : owner(w), to_board(std::move(receiver)) {
        SlirpConfig c{};
        c.version = 4;
        c.in_enabled = true;
        inet_pton(AF_INET, "10.0.2.0", &c.vnetwork);
        inet_pton(AF_INET, "255.255.255.0", &c.vnetmask);
        inet_pton(AF_INET, "10.0.2.2", &c.vhost);
        inet_pton(AF_INET, "10.0.2.15", &c.vdhcp_start);
        inet_pton(AF_INET, "10.0.2.3", &c.vnameserver);
        c.disable_dns = true;
        static const SlirpCb callbacks = {
            .send_packet = &take,
            .guest_error = [](const char*, void*) {},
            .clock_get_ns = [](void*) { return nanoseconds(); },
            .timer_new = &new_timer,
            .timer_free = [](void* t, void*) { static_cast<timer*>(t)->due = never; },
            .timer_mod = [](void* t, std::int64_t at, void*) { static_cast<timer*>(t)->due = at * 1'000'000; },
            .register_poll_fd = [](int, void*) {},
            .unregister_poll_fd = [](int, void*) {},
            .notify = [](void*) {},
            .init_completed = nullptr,
            .timer_new_opaque = nullptr};
        std::signal(SIGPIPE, SIG_IGN);  // slirp may write to a connection that the server has just reset
        slirp = slirp_new(&c, &callbacks, this);
        bell = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (slirp == nullptr || bell < 0) throw std::runtime_error("libslirp cannot be started");
    }
    ~slirp_end() {
        slirp_cleanup(slirp);
        ::close(bell);
    }

    // ---- frames -------------------------------------------------------------------------------------------
    bool is_lost() {
        const bool lost =
            owner.is_black_hole || owner.is_pulled || static_cast<int>(random() % 100) < owner.loss_percent;
        if (lost) ++owner.lost;
        return lost;
    }
    void store(frame f) {
        const std::lock_guard lock(mutex);
        sent.emplace_back(f.begin(), f.end());
    }
    std::deque<stored_frame> take_sent() {
        const std::lock_guard lock(mutex);
        return std::exchange(sent, {});
    }
    static ssize_t take(const void* data, std::size_t size, void* self) {
        auto& end = *static_cast<slirp_end*>(self);
        const auto* begin = static_cast<const std::uint8_t*>(data);
        if (!end.is_lost()) end.arrived.emplace_back(begin, begin + size);
        return static_cast<ssize_t>(size);
    }
    bool pass_frames() {
        bool any = false;
        for (const stored_frame& f : take_sent()) {
            any = true;
            if (!is_lost()) slirp_input(slirp, f.data(), static_cast<int>(f.size()));
        }
        for (const stored_frame& f : std::exchange(arrived, {})) {
            any = true;
            to_board(f);
        }
        return any;
    }

    // ---- time ---------------------------------------------------------------------------------------------
    struct timer {
        SlirpTimerCb call;
        void* with;
        std::int64_t due;
    };
    static constexpr std::int64_t never = INT64_MAX;
    static void* new_timer(SlirpTimerCb call, void* with, void* self) {
        return &static_cast<slirp_end*>(self)->timers.emplace_back(timer{call, with, never});
    }
    void run_timers() {
        for (timer& t : timers) {
            if (t.due > nanoseconds()) continue;
            t.due = never;
            t.call(t.with);
        }
    }

    // ---- one turn -----------------------------------------------------------------------------------------
    void turn(int at_most_ms) {
        auto ms = static_cast<std::uint32_t>(pass_frames() ? 0 : at_most_ms);
        polled.assign(1, {bell, POLLIN, 0});
        slirp_pollfds_fill(slirp, &ms, &add_poll, this);
        const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(ms));
        std::uint64_t rung;
        if (polled[0].revents != 0) (void)!::read(bell, &rung, sizeof rung);
        slirp_pollfds_poll(slirp, ready < 0, &polled_events, this);
        run_timers();
        pass_frames();
    }
    static int add_poll(int fd, int events, void* self) {
        auto& end = *static_cast<slirp_end*>(self);
        short wanted = 0;
        if (events & SLIRP_POLL_IN) wanted |= POLLIN;
        if (events & SLIRP_POLL_OUT) wanted |= POLLOUT;
        if (events & SLIRP_POLL_PRI) wanted |= POLLPRI;
        end.polled.push_back({fd, wanted, 0});
        return static_cast<int>(end.polled.size()) - 1;
    }
    static int polled_events(int index, void* self) {
        const short got = static_cast<slirp_end*>(self)->polled[static_cast<std::size_t>(index)].revents;
        int events = 0;
        if (got & POLLIN) events |= SLIRP_POLL_IN;
        if (got & POLLOUT) events |= SLIRP_POLL_OUT;
        if (got & POLLPRI) events |= SLIRP_POLL_PRI;
        if (got & POLLERR) events |= SLIRP_POLL_ERR;
        if (got & POLLHUP) events |= SLIRP_POLL_HUP;
        return events;
    }

    wire& owner;
    std::function<void(frame)> to_board;
    Slirp* slirp = nullptr;
    int bell = -1;  // rung for each frame that was sent: it ends a turn that waits
    std::deque<timer> timers;
    std::mutex mutex;  // of `sent`
    std::deque<stored_frame> sent;
    std::deque<stored_frame> arrived;
    std::vector<pollfd> polled;
    std::mt19937 random{7};
};

wire::wire(std::function<void(frame)> to_board) : end_(std::make_unique<slirp_end>(*this, std::move(to_board))) {}
wire::~wire() = default;

void wire::send(frame f) {
    end_->store(f);
    const std::uint64_t once = 1;
    (void)!::write(end_->bell, &once, sizeof once);
}

void wire::turn(int at_most_ms) { end_->turn(at_most_ms); }

}  // namespace mqtt_as::lwip_test
