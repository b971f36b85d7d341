// The vector table of the MPS2: the Ethernet controller is interrupt 13.
#include "firmware/common/start.hpp"

extern "C" void ethernet_handler();

extern "C" [[gnu::section(".vectors"), gnu::used]] const void* const vectors[16 + 14] = {
    &top_of_stack,
    reinterpret_cast<const void*>(&reset_handler),
    reinterpret_cast<const void*>(&fault_handler),  // NMI
    reinterpret_cast<const void*>(&fault_handler),  // hard fault
    reinterpret_cast<const void*>(&fault_handler),
    reinterpret_cast<const void*>(&fault_handler),
    reinterpret_cast<const void*>(&fault_handler),
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
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    reinterpret_cast<const void*>(&ethernet_handler),
};
