// The network of a board that lives in this process: lwIP's interface on a wire that fails on demand. lwIP is driven by
// `port::wait` (NO_SYS 1), or has a thread of its own, and its driver another one (NO_SYS 0).
#pragma once

#include "tests/lwip/wire.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <lwip/opt.h>
#include <memory>

namespace mqtt_as::lwip_test {

/// One per process at a time: lwIP's state is global.
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
    std::atomic<bool>& is_black_hole;
    /// Frames that are lost, each way, of a hundred.
    std::atomic<int>& loss_percent;
    /// The number of frames that were lost by either.
    const std::atomic<unsigned>& lost;

    /// What lwIP has in use of its heap.
    std::size_t heap_in_use() const;

    struct machine;

private:
    explicit network(std::unique_ptr<machine>);
    std::unique_ptr<machine> machine_;
};

/// Runs `what` where lwIP runs, and returns when it is done.
void in_lwip(const std::function<void()>& what);

/// With NO_SYS 0: waits as `port::wait` does, and says whether `port::wake` ended it.
bool is_woken_within(std::chrono::milliseconds limit);

}  // namespace mqtt_as::lwip_test
