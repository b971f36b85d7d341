// Frames between lwIP and libslirp, and the part of the port that a board's programmer writes.
#include "tests/lwip/network.hpp"

#include "mqtt_as/lwip/port.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <deque>
#include <functional>
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/stats.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
#include <poll.h>
#include <random>
#include <slirp/libslirp.h>
#include <utility>
#include <vector>

extern "C" std::uint32_t sys_now() {
    using namespace std::chrono;
    return static_cast<std::uint32_t>(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

namespace mqtt_as::lwip_test {

namespace {

std::int64_t nanoseconds() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

network::machine* the_machine = nullptr;

}  // namespace

struct network::machine {
    explicit machine(network& owner) : net(owner) {
        the_machine = this;
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
            .send_packet = &to_board,
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

        static bool is_lwip_begun = false;
        if (!std::exchange(is_lwip_begun, true)) lwip_init();
        netif_add_noaddr(&interface, this, &begin_interface, &ethernet_input);
        netif_set_default(&interface);
        netif_set_up(&interface);
        netif_set_link_up(&interface);
    }
    ~machine() {
        dhcp_stop(&interface);
        netif_remove(&interface);
        slirp_cleanup(slirp);
        the_machine = nullptr;
    }

    bool is_lost() {
        const bool lost =
            net.is_black_hole || !netif_is_link_up(&interface) || static_cast<int>(random() % 100) < net.loss_percent;
        if (lost) ++net.lost;
        return lost;
    }

    // ---- frames -------------------------------------------------------------------------------------------
    static err_t begin_interface(netif* n) {
        n->name[0] = 'e';
        n->name[1] = 'n';
        n->mtu = 1500;
        n->hwaddr_len = 6;
        const std::array<std::uint8_t, 6> address{0x52, 0x54, 0, 0x12, 0x34, 0x56};
        std::ranges::copy(address, n->hwaddr);
        n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
        n->output = &etharp_output;
        n->linkoutput = &from_board;
        return ERR_OK;
    }
    static err_t from_board(netif* n, pbuf* p) {
        auto& m = *static_cast<machine*>(n->state);
        std::vector<std::uint8_t> frame(p->tot_len);
        pbuf_copy_partial(p, frame.data(), p->tot_len, 0);
        if (!m.is_lost()) m.sent.push_back(std::move(frame));
        return ERR_OK;
    }
    static ssize_t to_board(const void* data, std::size_t size, void* self) {
        auto& m = *static_cast<machine*>(self);
        const auto* begin = static_cast<const std::uint8_t*>(data);
        if (!m.is_lost()) m.arrived.emplace_back(begin, begin + size);
        return static_cast<ssize_t>(size);
    }

    // ---- time ---------------------------------------------------------------------------------------------
    struct timer {
        SlirpTimerCb call;
        void* with;
        std::int64_t due;
    };
    static constexpr std::int64_t never = INT64_MAX;
    static void* new_timer(SlirpTimerCb call, void* with, void* self) {
        return &static_cast<machine*>(self)->timers.emplace_back(timer{call, with, never});
    }

    void run_timers() {
        for (timer& t : timers) {
            if (t.due > nanoseconds()) continue;
            t.due = never;
            t.call(t.with);
        }
    }

    // ---- one turn -----------------------------------------------------------------------------------------
    bool pass_frames() {
        bool any = false;
        for (; !sent.empty(); any = true) {
            const auto frame = std::move(sent.front());
            sent.pop_front();
            slirp_input(slirp, frame.data(), static_cast<int>(frame.size()));
        }
        for (; !arrived.empty(); any = true) {
            const auto frame = std::move(arrived.front());
            arrived.pop_front();
            pbuf* p = pbuf_alloc(PBUF_RAW, static_cast<std::uint16_t>(frame.size()), PBUF_POOL);
            if (p == nullptr) continue;  // as a driver does: TCP sends it again
            pbuf_take(p, frame.data(), static_cast<std::uint16_t>(frame.size()));
            if (interface.input(p, &interface) != ERR_OK) pbuf_free(p);
        }
        return any;
    }

    void wait(duration at_most) {
        const bool was_busy = pass_frames();
        sys_check_timeouts();
        std::uint32_t ms = was_busy ? 0 : static_cast<std::uint32_t>(std::max(0, at_most.count()));
        ms = std::min(ms, sys_timeouts_sleeptime());
        polled.clear();
        slirp_pollfds_fill(slirp, &ms, &add_poll, this);
        const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(std::min(ms, 20u)));
        slirp_pollfds_poll(slirp, ready < 0, &polled_events, this);
        run_timers();
        pass_frames();
        sys_check_timeouts();
    }
    static int add_poll(int fd, int events, void* self) {
        auto& m = *static_cast<machine*>(self);
        short wanted = 0;
        if (events & SLIRP_POLL_IN) wanted |= POLLIN;
        if (events & SLIRP_POLL_OUT) wanted |= POLLOUT;
        if (events & SLIRP_POLL_PRI) wanted |= POLLPRI;
        m.polled.push_back({fd, wanted, 0});
        return static_cast<int>(m.polled.size()) - 1;
    }
    static int polled_events(int index, void* self) {
        const short got = static_cast<machine*>(self)->polled[static_cast<std::size_t>(index)].revents;
        int events = 0;
        if (got & POLLIN) events |= SLIRP_POLL_IN;
        if (got & POLLOUT) events |= SLIRP_POLL_OUT;
        if (got & POLLPRI) events |= SLIRP_POLL_PRI;
        if (got & POLLERR) events |= SLIRP_POLL_ERR;
        if (got & POLLHUP) events |= SLIRP_POLL_HUP;
        return events;
    }

    network& net;
    Slirp* slirp;
    netif interface{};
    std::deque<timer> timers;
    std::deque<std::vector<std::uint8_t>> sent;
    std::deque<std::vector<std::uint8_t>> arrived;
    std::vector<pollfd> polled;
    std::mt19937 random{7};
};

network::network() : machine_(std::make_unique<machine>(*this)) {}
network::~network() = default;

void network::begin_dhcp() { dhcp_start(&machine_->interface); }

void network::set_link(bool up) {
    if (up)
        netif_set_link_up(&machine_->interface);
    else
        netif_set_link_down(&machine_->interface);
}

std::size_t network::heap_in_use() const { return lwip_stats.mem.used; }

}  // namespace mqtt_as::lwip_test

// ---- the port -----------------------------------------------------------------------------------------------

namespace mqtt_as::port {

std::uint64_t entropy() {
    std::random_device d;
    return std::uint64_t{d()} << 32 | d();
}

void wait(duration at_most) {
    if (lwip_test::the_machine != nullptr) lwip_test::the_machine->wait(at_most);
}

}  // namespace mqtt_as::port
