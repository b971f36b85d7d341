// lwIP's core, locked while it has a thread of its own; nothing with NO_SYS=1.
#pragma once

#include <lwip/opt.h>

#if !NO_SYS
#include <lwip/tcpip.h>
#if !LWIP_TCPIP_CORE_LOCKING
#error "mqtt_as with threads needs LWIP_TCPIP_CORE_LOCKING 1 in lwipopts.h"
#endif
#else
#define LOCK_TCPIP_CORE()
#define UNLOCK_TCPIP_CORE()
#endif

namespace mqtt_as::detail {

struct core_lock {
    core_lock() { LOCK_TCPIP_CORE(); }
    ~core_lock() { UNLOCK_TCPIP_CORE(); }
    core_lock(const core_lock&) = delete;
    core_lock& operator=(const core_lock&) = delete;
};

}  // namespace mqtt_as::detail
