// What of the packets of one connection is told to `dprint`. Programs that never ask for it do not link it.
#pragma once

#include "mqtt_as/types.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mqtt_as::detail {

class packet_log {
public:
    virtual ~packet_log() = default;
    /// The transport has taken the first `size` bytes of `batch`. A line for each packet that is complete by now.
    virtual std::vector<std::string> sent(std::span<const bytes> batch, std::size_t size) = 0;
    virtual std::vector<std::string> received(bytes in) = 0;
    /// The connection is over. A line for each packet that was cut by that.
    virtual std::vector<std::string> ended() = 0;
};

}  // namespace mqtt_as::detail
