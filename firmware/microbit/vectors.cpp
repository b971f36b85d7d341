// The vector table of the nRF51822: the UART is interrupt 2.
#include "firmware/common/start.hpp"

extern "C" void uart_handler();

extern "C" [[gnu::section(".vectors"), gnu::used]] const void* const vectors[16 + 3] = {
    &top_of_stack,
    reinterpret_cast<const void*>(&reset_handler),
    reinterpret_cast<const void*>(&fault_handler),  // NMI
    reinterpret_cast<const void*>(&fault_handler),  // hard fault
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    reinterpret_cast<const void*>(&fault_handler),  // SVC
    nullptr,
    nullptr,
    reinterpret_cast<const void*>(&fault_handler),  // PendSV
    reinterpret_cast<const void*>(&tick_handler),
    nullptr,
    nullptr,
    reinterpret_cast<const void*>(&uart_handler),
};
