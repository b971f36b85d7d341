// The network of a board that lives in this process: lwIP on one side, libslirp on the other, and between them a wire
// that fails on demand. The board has the address 10.0.2.15, and 10.0.2.2 is the loopback of this machine.
#pragma once

#include "mqtt_as/types.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace mqtt_as::lwip_test {

/// One per process: lwIP's state is global. `port::wait` drives it.
class network {
public:
    network();
    ~network();
    network(const network&) = delete;
    network& operator=(const network&) = delete;

    /// Asks for an address by DHCP; returns before there is one.
    void begin_dhcp();

    /// The interface loses and gets back its link, as if a cable were pulled.
    void set_link(bool up);
    /// The link stays, no frame passes: what a router that died looks like.
    bool is_black_hole = false;
    /// Frames that are lost, each way, of a hundred.
    int loss_percent = 0;
    /// The number of frames that were lost by either.
    unsigned lost = 0;

    /// What lwIP has in use of its heap.
    std::size_t heap_in_use() const;

    struct machine;

private:
    std::unique_ptr<machine> machine_;
};

}  // namespace mqtt_as::lwip_test
