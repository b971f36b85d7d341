// Accepted publishes of qos 1 and 2 in the board's records, from their acceptance until their packet is done, so that
// they survive a power cycle.
#pragma once

#include "mqtt_as/engine.hpp"
#include "mqtt_as/types.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace mqtt_as::detail {

class publish_store {
public:
    /// False when no record is free, or it cannot be written: then this publish must not be accepted.
    bool save(op_id, const publish_request&);
    /// Its packet is done, or was never sent.
    void forget(op_id);
    /// Hands what an earlier life had accepted to the engine, in its order.
    void restore(engine&, time_point now);

private:
    static constexpr std::uint8_t first_record = 1;
    static constexpr std::uint8_t record_count = 8;
    static constexpr std::size_t header_size = 4;  // order (2), qos and retain (1), length of the topic (1)

    std::uint8_t record_of(const op_id*) const;

    std::array<op_id, record_count> ids_{};  // whose record it is
    std::uint16_t next_order_ = 0;
};

}  // namespace mqtt_as::detail
