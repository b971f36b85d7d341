// Wanted filters: what the application has asked to receive, remembered until it unsubscribes or is refused.
#pragma once

#include "mqtt_as/engine.hpp"
#include "src/engine/memory.hpp"
#include "src/engine/operations.hpp"
#include "src/wire/protocol.hpp"

#include <new>

namespace mqtt_as {

/// How a filter was asked for.
struct options_of_v5 {
    options_of_v5() = default;
    explicit options_of_v5(const subscription& s)
        : identifier(s.properties.subscription_identifier.value_or(0)), bits(wire::options_byte(s)) {}
    void put_into(subscription& s) const {
        if (identifier != 0) s.properties.subscription_identifier = identifier;
        wire::read_options(bits, s);
    }
    friend bool operator==(const options_of_v5&, const options_of_v5&) = default;

    std::uint32_t identifier = 0;  // subscription identifier; 0: none
    std::uint8_t bits = 0;         // as SUBSCRIBE has them
};
struct options_of_v3_1_1 {
    options_of_v3_1_1() = default;
    explicit options_of_v3_1_1(const subscription& s) : qos(s.qos) {}
    void put_into(subscription& s) const { s.qos = qos; }
    friend bool operator==(const options_of_v3_1_1&, const options_of_v3_1_1&) = default;

    std::uint8_t qos = 0;
};
using subscription_options = std::conditional_t<profile::only_v3_1_1, options_of_v3_1_1, options_of_v5>;

/// One wanted filter. The filter's bytes follow this header.
struct wanted {
    wanted* next = nullptr;
    operation* carrier = nullptr;  // the SUBSCRIBE under way for it
    [[no_unique_address]] subscription_options options;
    bool granted = false;          // the server has accepted it, once at least
    bool renewed = false;          // on this connection, with `result`
    bool renewal_due = false;      // it is to be asked for again, as soon as there is memory for that
    bool refusal_to_tell = false;  // renewal_refused waits to be taken
    reason_code result{};
    std::uint16_t filter_size = 0;

    std::string_view filter() const { return {reinterpret_cast<const char*>(this + 1), filter_size}; }
    std::size_t block_size() const { return sizeof(wanted) + filter_size; }

    /// What to ask for at renewal. User properties went out with the first request only.
    subscription request() const {
        subscription s{.filter = filter()};
        options.put_into(s);
        return s;
    }
};

/// In the order of the first request, so that renewal asks in the same order.
class subscriptions {
public:
    void clear(pool& memory) {
        while (first_ != nullptr) remove(*first_, memory);
    }

    wanted* find(std::string_view filter) const {
        wanted* w = first_;
        while (w != nullptr && w->filter() != filter) w = w->next;
        return w;
    }
    /// With options to be set; nullptr without memory.
    wanted* add(std::string_view filter, pool& memory) {
        void* block = memory.take(sizeof(wanted) + filter.size());
        if (block == nullptr) return nullptr;
        auto* w = new (block) wanted;
        w->filter_size = static_cast<std::uint16_t>(filter.size());
        std::memcpy(w + 1, filter.data(), filter.size());
        wanted** end = &first_;
        while (*end != nullptr) end = &(*end)->next;
        *end = w;
        return w;
    }
    void remove(wanted& w, pool& memory) {
        if (w.carrier != nullptr) w.carrier->filter = nullptr;
        wanted** at = &first_;
        while (*at != &w) at = &(*at)->next;
        *at = w.next;
        memory.give(&w, w.block_size());
    }

    wanted* first() const { return first_; }
    std::uint32_t size() const {
        std::uint32_t n = 0;
        for (const wanted* w = first_; w != nullptr; w = w->next) ++n;
        return n;
    }

private:
    wanted* first_ = nullptr;
};

}  // namespace mqtt_as
