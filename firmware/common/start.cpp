// Start-up code for Cortex-M: memory, paint on the stack, alignment traps, a tick of a millisecond.
#include "firmware/common/start.hpp"

#include "firmware/common/semihosting.hpp"

#include <cstring>

extern "C" int program() asm("main");  // C++ lets nobody call `main`

// Given by the linker script.
extern "C" {
extern std::uint32_t values_in_flash, values_begin, values_end, zeros_begin, zeros_end, stack_begin, ram_begin,
    flash_begin;
extern void (*constructors_begin[])();
extern void (*constructors_end[])();
}

namespace board {

namespace {

constexpr std::uint32_t paint = 0x5AFE57AC;

volatile std::uint32_t& at(std::uint32_t address) { return *reinterpret_cast<volatile std::uint32_t*>(address); }
std::uint32_t address_of(const std::uint32_t& symbol) { return reinterpret_cast<std::uint32_t>(&symbol); }

volatile std::uint32_t ticks = 0;

}  // namespace

std::uint32_t stack_used() {
    const std::uint32_t* deepest = &stack_begin;
    while (*deepest == paint) ++deepest;
    return address_of(top_of_stack) - reinterpret_cast<std::uint32_t>(deepest);
}
std::uint32_t ram_used() { return address_of(top_of_stack) - address_of(ram_begin); }
std::uint32_t flash_used() {
    return address_of(values_in_flash) - address_of(flash_begin) + address_of(values_end) - address_of(values_begin);
}
std::uint32_t milliseconds() { return ticks; }

void restart() {
    at(0xE000ED0C) = 0x05FA0004;  // AIRCR: VECTKEY, SYSRESETREQ
    for (;;) {
    }
}

}  // namespace board

extern "C" {

void reset_handler() {
    using namespace board;
    // The stack below this function is painted; how much of the paint is left tells how deep it went.
    std::uint32_t here;
    asm volatile("mov %0, sp" : "=r"(here));
    for (std::uint32_t* p = &stack_begin; reinterpret_cast<std::uint32_t>(p) < here; ++p) *p = paint;
    std::memcpy(&values_begin, &values_in_flash, address_of(values_end) - address_of(values_begin));
    std::memset(&zeros_begin, 0, address_of(zeros_end) - address_of(zeros_begin));
    at(0xE000ED14) |= 8;                      // CCR.UNALIGN_TRP: as strict as a Cortex-M0+, on cores that are not
    at(0xE000E014) = BOARD_CLOCK / 1000 - 1;  // SysTick: reload
    at(0xE000E018) = 0;
    at(0xE000E010) = 7;  // the processor's clock, interrupt, on
    for (auto constructor = constructors_begin; constructor != constructors_end; ++constructor) (*constructor)();
    const int status = program();
    if (stack_used() == address_of(top_of_stack) - address_of(stack_begin)) {
        print_line("FAULT the stack is too small");
        exit(140);
    }
    exit(status);
}

void fault_handler() {
    // The processor has put the registers on the stack: the program counter is the seventh.
    std::uint32_t* frame;
    asm volatile("mrs %0, msp" : "=r"(frame));
    board::print_line("FAULT at about ", frame[6], " or ", frame[8], " or ", frame[10]);
    board::exit(139);
}

void tick_handler() { board::ticks = board::ticks + 1; }
void nothing_handler() {}

/// Nobody destroys what is static: the power goes.
int __aeabi_atexit(void*, void (*)(void*), void*) { return 0; }
void* __dso_handle = nullptr;
void __cxa_pure_virtual() { fault_handler(); }

}  // extern "C"
