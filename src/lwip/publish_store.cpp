// Records of publishes: a header, the topic, the body.
#include "mqtt_as/lwip/publish_store.hpp"

#include "mqtt_as/lwip/port.hpp"

#include <algorithm>

namespace mqtt_as::detail {

namespace {

std::uint16_t order_of(bytes record) { return static_cast<std::uint16_t>(record[0] | record[1] << 8); }

}  // namespace

bool publish_store::save(op_id id, const publish_request& r) {
    auto* free = ids_.begin();
    while (free != ids_.end() && (*free != op_id{} || !port::load(record_of(free)).empty())) ++free;
    if (free == ids_.end() || r.topic.size() > UINT8_MAX) return false;
    const std::array<std::uint8_t, header_size> header{
        static_cast<std::uint8_t>(next_order_), static_cast<std::uint8_t>(next_order_ >> 8),
        static_cast<std::uint8_t>(r.qos | (r.retain ? 4 : 0)), static_cast<std::uint8_t>(r.topic.size())};
    const std::array<bytes, 3> parts{
        bytes(header), bytes(reinterpret_cast<const std::uint8_t*>(r.topic.data()), r.topic.size()), r.payload};
    if (!port::save(record_of(free), parts)) return false;
    *free = id;
    ++next_order_;
    return true;
}

void publish_store::forget(op_id id) {
    auto* const mine = std::ranges::find(ids_, id);
    if (mine == ids_.end()) return;
    *mine = {};
    port::erase(record_of(mine));
}

void publish_store::restore(engine& e, time_point now) {
    for (;;) {
        // The earliest of those that are not restored yet; orders are close together, and may wrap.
        op_id* earliest = nullptr;
        std::uint16_t order = 0;
        for (op_id& id : ids_) {
            if (id != op_id{}) continue;
            const bytes record = port::load(record_of(&id));
            if (record.size() < header_size || record.size() < header_size + record[3]) continue;
            if (earliest != nullptr && static_cast<std::int16_t>(order_of(record) - order) > 0) continue;
            earliest = &id;
            order = order_of(record);
        }
        if (earliest == nullptr) return;
        const bytes record = port::load(record_of(earliest));
        const bytes topic = record.subspan(header_size, record[3]);
        const auto restored = e.publish(now, {.topic = {reinterpret_cast<const char*>(topic.data()), topic.size()},
                                              .payload = record.subspan(header_size + topic.size()),
                                              .qos = static_cast<std::uint8_t>(record[2] & 3),
                                              .retain = (record[2] & 4) != 0});
        if (restored.error != errc::ok) return;  // the limits are smaller than they were: in a later life, then
        *earliest = restored.id;
        next_order_ = static_cast<std::uint16_t>(order + 1);
    }
}

std::uint8_t publish_store::record_of(const op_id* id) const {
    return static_cast<std::uint8_t>(first_record + (id - ids_.data()));
}

}  // namespace mqtt_as::detail
