// A wire that fails on demand, and libslirp at its other end: its frames come out as connections of this machine.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace mqtt_as::lwip_test {

/// Behind it a board has the address 10.0.2.15, and 10.0.2.2 is the loopback of this machine.
class wire {
public:
    using frame = std::span<const std::uint8_t>;

    /// Each frame that arrives is given to `to_board`, inside `turn`.
    explicit wire(std::function<void(frame)> to_board);
    ~wire();
    wire(const wire&) = delete;
    wire& operator=(const wire&) = delete;

    /// From the board. Like all below, but for `turn`, callable from any thread.
    void send(frame);
    /// Moves frames, and waits for so long when there are none.
    void turn(int at_most_ms);

    std::atomic<bool> is_pulled = false;
    std::atomic<bool> is_black_hole = false;
    std::atomic<int> loss_percent = 0;
    std::atomic<unsigned> lost = 0;

private:
    struct slirp_end;
    std::unique_ptr<slirp_end> end_;
};

}  // namespace mqtt_as::lwip_test
