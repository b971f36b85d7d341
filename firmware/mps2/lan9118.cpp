// A driver for SMSC's LAN9118: by the processor, without DMA. Frames go in and out word by word.
#include "firmware/mps2/lan9118.hpp"

#include <cstdint>
#include <cstring>
#include <lwip/etharp.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>

namespace board {

namespace {

enum reg : std::uint32_t {
    rx_data = 0x00,
    tx_data = 0x20,
    rx_status = 0x40,
    irq_cfg = 0x54,
    int_sts = 0x58,
    int_en = 0x5C,
    fifo_int = 0x68,
    tx_cfg = 0x70,
    hw_cfg = 0x74,
    rx_dp_ctl = 0x78,
    rx_fifo_inf = 0x7C,
    tx_fifo_inf = 0x80,
    mac_csr_cmd = 0xA4,
    mac_csr_data = 0xA8,
};
enum mac_reg : std::uint32_t { mac_cr = 1, mac_addr_high = 2, mac_addr_low = 3, mii_acc = 6, mii_data = 7 };

constexpr std::uint32_t rx_status_level = 1u << 3;  // an interrupt when a frame has come
constexpr std::uint32_t ethernet_irq = 13;

volatile std::uint32_t& at(std::uint32_t address) { return *reinterpret_cast<volatile std::uint32_t*>(address); }
volatile std::uint32_t& chip(reg r) { return at(0x40200000 + r); }

void set_mac(mac_reg r, std::uint32_t value) {
    chip(mac_csr_data) = value;
    chip(mac_csr_cmd) = 1u << 31 | r;
}
std::uint32_t get_mac(mac_reg r) {
    chip(mac_csr_cmd) = 1u << 31 | 1u << 30 | r;
    return chip(mac_csr_data);
}
bool has_link() {
    set_mac(mii_acc, 1 << 11 | 1 << 6);  // PHY 1, basic status
    return (get_mac(mii_data) & 4) != 0;
}

/// The controller's memory has room for a whole frame or the frame is lost, as on a busy wire: TCP repeats it.
err_t send(netif*, pbuf* frame) {
    const std::uint32_t size = frame->tot_len;
    if ((chip(tx_fifo_inf) & 0xFFFF) < size + 8) return ERR_BUF;
    chip(tx_data) = 1u << 13 | 1u << 12 | size;  // first and last segment
    chip(tx_data) = size;
    std::uint32_t word = 0;
    std::uint32_t count = 0;
    for (const pbuf* p = frame; p != nullptr; p = p->next) {
        const auto* from = static_cast<const std::uint8_t*>(p->payload);
        for (std::uint32_t i = 0; i < p->len; ++i) {
            word |= std::uint32_t{from[i]} << (8 * (count & 3));
            if ((++count & 3) != 0) continue;
            chip(tx_data) = word;
            word = 0;
        }
    }
    if ((count & 3) != 0) chip(tx_data) = word;
    return ERR_OK;
}

void receive(netif& to) {
    const std::uint32_t status = chip(rx_status);
    const std::uint32_t whole = status >> 16 & 0x3FFF;  // the check sum included
    const std::uint32_t size = whole - 4;
    pbuf* const frame =
        (status & 1u << 15) == 0 ? pbuf_alloc(PBUF_RAW, static_cast<std::uint16_t>(size), PBUF_POOL) : nullptr;
    std::uint32_t word = 0;
    std::uint32_t count = 0;
    for (pbuf* p = frame; p != nullptr; p = p->next) {
        auto* into = static_cast<std::uint8_t*>(p->payload);
        for (std::uint32_t i = 0; i < p->len; ++i, ++count) {
            if ((count & 3) == 0) word = chip(rx_data);
            into[i] = static_cast<std::uint8_t>(word >> (8 * (count & 3)));
        }
    }
    for (std::uint32_t left = (whole + 3) / 4 - (count + 3) / 4; left > 0; --left) word = chip(rx_data);
    if (frame != nullptr && to.input(frame, &to) != ERR_OK) pbuf_free(frame);
}

}  // namespace

signed char begin_ethernet(netif* n) {
    static const std::uint8_t address[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
    n->name[0] = 'e';
    n->name[1] = 'n';
    n->mtu = 1500;
    n->hwaddr_len = sizeof address;
    std::memcpy(n->hwaddr, address, sizeof address);
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    n->output = &etharp_output;
    n->linkoutput = &send;

    chip(hw_cfg) = 5u << 16;  // 5 KB of its memory for sending
    chip(fifo_int) = 0;
    chip(irq_cfg) = 1u << 8 | 1u << 4 | 1;  // on, active high, driven: until it is written, the line reads as active
    set_mac(mac_addr_low, 0x12005452);
    set_mac(mac_addr_high, 0x5634);
    set_mac(mac_cr, 1u << 20 | 1u << 3 | 1u << 2);  // full duplex, send, receive
    chip(tx_cfg) = 2;
    return ERR_OK;
}

bool poll_ethernet(netif& n) {
    if (const bool up = has_link(); up != (netif_is_link_up(&n) != 0))
        up ? netif_set_link_up(&n) : netif_set_link_down(&n);
    bool any = false;
    for (; (chip(rx_fifo_inf) >> 16 & 0xFF) != 0; any = true) receive(n);
    return any;
}

void wake_by_ethernet() {
    chip(int_sts) = rx_status_level;
    chip(int_en) = rx_status_level;
    at(0xE000E100) = 1u << ethernet_irq;
}

}  // namespace board

/// Only wakes: what has come is taken in the main loop.
extern "C" void ethernet_handler() { board::at(0xE000E180) = 1u << board::ethernet_irq; }
