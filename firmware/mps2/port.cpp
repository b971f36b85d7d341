// The port: lwIP driven by the main loop, chance and flash from the emulator's host.
#include "mqtt_as/lwip/port.hpp"

#include "firmware/common/semihosting.hpp"
#include "firmware/common/start.hpp"
#include "firmware/mps2/lan9118.hpp"

#include <array>
#include <cstring>
#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

namespace {

netif interface;

void begin_network() {
    lwip_init();
    netif_add_noaddr(&interface, nullptr, &board::begin_ethernet, &ethernet_input);
    netif_set_default(&interface);
    netif_set_up(&interface);
    dhcp_start(&interface);
    ip_addr_t server;
    ipaddr_aton("10.0.2.2", &server);
    dns_setserver(0, &server);
}

/// A record is a file `flash.N` in the folder that the argument `flash` names. There is none without it.
bool name_record(std::uint8_t record, std::span<char> path) {
    const std::string_view folder = board::argument("flash");
    if (folder.empty() || folder.size() + 10 > path.size()) return false;
    std::memcpy(path.data(), folder.data(), folder.size());
    std::memcpy(path.data() + folder.size(), "/record", 7);
    path[folder.size() + 7] = static_cast<char>('a' + record);
    path[folder.size() + 8] = 0;
    return true;
}

}  // namespace

extern "C" std::uint32_t sys_now() { return board::milliseconds(); }
extern "C" uint32_t board_random(void) { return static_cast<std::uint32_t>(mqtt_as::port::entropy()); }

namespace mqtt_as::port {

std::uint64_t entropy() {
    std::uint64_t drawn = 0;
    board::read_file("/dev/urandom", {reinterpret_cast<std::uint8_t*>(&drawn), sizeof drawn});
    return drawn;
}

void wait(duration at_most) {
    if (interface.input == nullptr) begin_network();
    const std::uint32_t begun = board::milliseconds();
    for (;;) {
        const bool any = board::poll_ethernet(interface);
        sys_check_timeouts();
        if (any || board::milliseconds() - begun >= static_cast<std::uint32_t>(at_most.count())) return;
        board::wake_by_ethernet();
        board::sleep();
    }
}

bytes load(std::uint8_t record) {
    static std::array<std::uint8_t, 160> content;
    char path[80];
    if (!name_record(record, path)) return {};
    return bytes(content).first(board::read_file(path, content));
}

bool save(std::uint8_t record, std::span<const bytes> parts) {
    char path[80];
    return name_record(record, path) && board::write_file(path, parts);
}

void erase(std::uint8_t record) {
    char path[80];
    if (name_record(record, path)) board::remove_file(path);
}

duration on_task_failed(errc error, std::string_view where) {
    board::print_line("failed ", where, " ", static_cast<std::uint32_t>(error));
    return board::argument("once").empty() ? duration(200) : duration(-1);
}

void print(std::string_view line) { board::print_line(line); }

}  // namespace mqtt_as::port
