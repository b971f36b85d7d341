// lwIP's interface, and the part of the port that a board's programmer writes, without threads and with them.
#include "tests/lwip/network.hpp"

#include "mqtt_as/lwip/port.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <future>
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/stats.h>
#include <lwip/tcpip.h>
#include <lwip/timeouts.h>
#include <mutex>
#include <netif/ethernet.h>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace mqtt_as::lwip_test {

#if NO_SYS

namespace {
void begin_lwip() { lwip_init(); }
err_t input(pbuf* p, netif* n) { return ethernet_input(p, n); }
}  // namespace

void in_lwip(const std::function<void()>& what) { what(); }

#else

namespace {
void begin_lwip() {
    std::promise<void> is_done;
    tcpip_init([](void* done) { static_cast<std::promise<void>*>(done)->set_value(); }, &is_done);
    is_done.get_future().wait();
}
/// As tcpip_input, which reads the interface's flags in the driver's thread: a race of lwIP's.
err_t input(pbuf* p, netif* n) { return tcpip_inpkt(p, n, &ethernet_input); }
}  // namespace

/// Behind what was given to lwIP's thread before: frames of an interface that is to be removed, too.
void in_lwip(const std::function<void()>& what) {
    struct call {
        const std::function<void()>& what;
        std::promise<void> is_done{};
    } c{what};
    tcpip_callback(
        [](void* self) {
            auto& mine = *static_cast<call*>(self);
            mine.what();
            mine.is_done.set_value();
        },
        &c);
    c.is_done.get_future().wait();
}

#endif

struct network::machine {
    machine() {
        static const bool is_begun = (begin_lwip(), true);
        (void)is_begun;
        in_lwip([this] {
            netif_add_noaddr(&interface, this, &begin_interface, &input);
            netif_set_default(&interface);
            netif_set_up(&interface);
            netif_set_link_up(&interface);
        });
        begin();
    }
    ~machine() {
        end();
        in_lwip([this] {
            dhcp_stop(&interface);
            netif_remove(&interface);
        });
    }

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
        std::vector<std::uint8_t> frame(p->tot_len);
        pbuf_copy_partial(p, frame.data(), p->tot_len, 0);
        static_cast<machine*>(n->state)->cable.send(frame);
        return ERR_OK;
    }
    void to_board(wire::frame frame) {
        const auto size = static_cast<std::uint16_t>(frame.size());
        pbuf* p = pbuf_alloc(PBUF_RAW, size, PBUF_POOL);
        if (p == nullptr) return;  // as a driver does: TCP sends it again
        pbuf_take(p, frame.data(), size);
        if (input(p, &interface) != ERR_OK) pbuf_free(p);
    }

    void begin();
    void end();

    netif interface{};
    wire cable{[this](wire::frame f) { to_board(f); }};
    std::jthread driver;  // with NO_SYS 0
};

network::network() : network(std::make_unique<machine>()) {}
network::network(std::unique_ptr<machine> m)
    : is_black_hole(m->cable.is_black_hole), loss_percent(m->cable.loss_percent), lost(m->cable.lost),
      machine_(std::move(m)) {}
network::~network() = default;

void network::begin_dhcp() {
    in_lwip([this] { dhcp_start(&machine_->interface); });
}

void network::set_link(bool up) {
    machine_->cable.is_pulled = !up;
    in_lwip([&] {
        if (up)
            netif_set_link_up(&machine_->interface);
        else
            netif_set_link_down(&machine_->interface);
    });
}

std::size_t network::heap_in_use() const {
    std::size_t size = 0;
    in_lwip([&] { size = lwip_stats.mem.used; });
    return size;
}

}  // namespace mqtt_as::lwip_test

// ---- the port -----------------------------------------------------------------------------------------------

namespace mqtt_as::port {

std::uint64_t entropy() {
    std::random_device d;
    return std::uint64_t{d()} << 32 | d();
}

}  // namespace mqtt_as::port

#if NO_SYS

extern "C" std::uint32_t sys_now() {
    using namespace std::chrono;
    return static_cast<std::uint32_t>(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

namespace mqtt_as {

namespace lwip_test {

namespace {
network::machine* the_machine = nullptr;
}

void network::machine::begin() { the_machine = this; }
void network::machine::end() { the_machine = nullptr; }

}  // namespace lwip_test

/// The main loop is the driver.
void port::wait(duration at_most) {
    if (lwip_test::the_machine == nullptr) return;
    const auto until_timeout = static_cast<int>(std::min<std::uint32_t>(sys_timeouts_sleeptime(), 20));
    lwip_test::the_machine->cable.turn(std::clamp(at_most.count(), 0, until_timeout));
    sys_check_timeouts();
}

}  // namespace mqtt_as

#else

namespace mqtt_as {

void lwip_test::network::machine::begin() {
    driver = std::jthread([this](const std::stop_token& ends) {
        while (!ends.stop_requested()) cable.turn(20);
    });
}
void lwip_test::network::machine::end() {
    driver.request_stop();
    driver.join();
}

namespace {
std::mutex mutex;
std::condition_variable condition;
bool has_happened = false;
}  // namespace

bool lwip_test::is_woken_within(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex);
    condition.wait_for(lock, limit, [] { return has_happened; });
    return std::exchange(has_happened, false);
}

void port::wait(duration at_most) { lwip_test::is_woken_within(std::chrono::milliseconds(at_most.count())); }

/// In lwIP's thread.
void port::wake() {
    const std::lock_guard lock(mutex);
    has_happened = true;
    condition.notify_one();
}

}  // namespace mqtt_as

#endif

// ---- what the sanitizers are to overlook ----------------------------------------------------------------------

/// lwIP's sys_arch.c looks at the owner of its lock before it takes it.
extern "C" const char* __tsan_default_suppressions() { return "race:lwprot_thread\n"; }
/// altcp_tls_free_config forgets the list of our own certificates: 24 bytes.
extern "C" const char* __lsan_default_suppressions() { return "leak:mbedtls_ssl_conf_own_cert\n"; }
