// Measures one row in one version of MQTT, by running clients against a sink.
#pragma once

#include "bench/rows.hpp"

#include <functional>
#include <string_view>

namespace bench {

/// A sink in a process of its own, on the core that all clients of this process will run on, too.
class sink_process {
public:
    sink_process();
    ~sink_process();
    sink_process(const sink_process&) = delete;
    sink_process& operator=(const sink_process&) = delete;
    std::uint16_t port() const { return port_; }

private:
    std::uint16_t port_ = 0;
    int pid_ = -1;
};

/// `tell` hears of each step. Throws std::runtime_error when a client fails.
measurement measure(const row&, version, std::uint16_t port, const std::function<void(std::string_view)>& tell);

}  // namespace bench
