// A driver without buffers: the main loop takes bytes as they come, an interrupt only wakes it.
#include "firmware/microbit/uart.hpp"

namespace board {

namespace {

volatile std::uint32_t& at(std::uint32_t address) { return *reinterpret_cast<volatile std::uint32_t*>(address); }

constexpr std::uint32_t uart = 0x40002000;
constexpr std::uint32_t start_rx = uart + 0x000;
constexpr std::uint32_t start_tx = uart + 0x008;
constexpr std::uint32_t rx_ready = uart + 0x108;
constexpr std::uint32_t tx_ready = uart + 0x11C;
constexpr std::uint32_t interrupt_set = uart + 0x304;
constexpr std::uint32_t enable = uart + 0x500;
constexpr std::uint32_t rxd = uart + 0x518;
constexpr std::uint32_t txd = uart + 0x51C;

constexpr std::uint32_t rng = 0x4000D000;
constexpr std::uint32_t rng_start = rng + 0x000;
constexpr std::uint32_t rng_ready = rng + 0x100;
constexpr std::uint32_t rng_value = rng + 0x508;

constexpr std::uint32_t uart_irq = 2;

}  // namespace

void begin_uart() {
    at(enable) = 4;
    at(start_rx) = 1;
    at(start_tx) = 1;
    at(interrupt_set) = 1u << 2;  // rx_ready
}

void send(std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t b : bytes) {
        at(tx_ready) = 0;
        at(txd) = b;
        while (at(tx_ready) == 0) {
        }
    }
}

std::size_t receive(std::span<std::uint8_t> to) {
    std::size_t size = 0;
    while (size < to.size() && at(rx_ready) != 0) {
        at(rx_ready) = 0;
        to[size++] = static_cast<std::uint8_t>(at(rxd));  // sets rx_ready again when there is more
    }
    return size;
}

void wake_by_uart() { at(0xE000E100) = 1u << uart_irq; }

std::uint64_t random() {
    std::uint64_t drawn = 0;
    at(rng_start) = 1;
    for (int i = 0; i < 8; ++i) {
        at(rng_ready) = 0;
        while (at(rng_ready) == 0) {
        }
        drawn = drawn << 8 | (at(rng_value) & 0xFF);
    }
    return drawn;
}

}  // namespace board

extern "C" void uart_handler() { board::at(0xE000E180) = 1u << board::uart_irq; }
