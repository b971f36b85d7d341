// Wanted filters: what the application has asked to receive, remembered until it unsubscribes or is refused.
#pragma once

#include "mqtt_as/engine.hpp"
#include "src/engine/memory.hpp"
#include "src/engine/operations.hpp"

#include <new>

namespace mqtt_as {

/// One wanted filter. The filter's bytes follow this header.
struct wanted {
    wanted* next = nullptr;
    operation* carrier = nullptr;  // the SUBSCRIBE under way for it
    std::uint32_t identifier = 0;  // MQTT 5 subscription identifier; 0: none
    std::uint16_t filter_size = 0;
    std::uint8_t qos = 0;
    std::uint8_t retain_handling = 0;
    bool no_local = false;
    bool retain_as_published = false;
    bool granted = false;          // the server has accepted it, once at least
    bool renewed = false;          // on this connection, with `result`
    bool renewal_due = false;      // it is to be asked for again, as soon as there is memory for that
    bool refusal_to_tell = false;  // renewal_refused waits to be taken
    reason_code result{};

    std::string_view filter() const { return {reinterpret_cast<const char*>(this + 1), filter_size}; }
    std::size_t block_size() const { return sizeof(wanted) + filter_size; }

    bool has_options_of(const subscription& s) const {
        return qos == s.qos && no_local == s.no_local && retain_as_published == s.retain_as_published &&
               retain_handling == s.retain_handling && identifier == s.properties.subscription_identifier.value_or(0);
    }
    void take_options_of(const subscription& s) {
        qos = s.qos;
        no_local = s.no_local;
        retain_as_published = s.retain_as_published;
        retain_handling = s.retain_handling;
        identifier = s.properties.subscription_identifier.value_or(0);
    }
    /// What to ask for at renewal. User properties went out with the first request only.
    subscription request() const {
        subscription s{.filter = filter(),
                       .qos = qos,
                       .no_local = no_local,
                       .retain_as_published = retain_as_published,
                       .retain_handling = retain_handling};
        if (identifier != 0) s.properties.subscription_identifier = identifier;
        return s;
    }
};

/// In the order of the first request, so that renewal asks in the same order.
class subscriptions {
public:
    explicit subscriptions(pool& memory) : pool_(memory) {}
    ~subscriptions() {
        if constexpr (profile::is_board) return;  // the block goes back whole
        while (first_ != nullptr) remove(*first_);
    }

    wanted* find(std::string_view filter) const {
        wanted* w = first_;
        while (w != nullptr && w->filter() != filter) w = w->next;
        return w;
    }
    /// nullptr without memory.
    wanted* add(const subscription& s) {
        void* block = pool_.take(sizeof(wanted) + s.filter.size());
        if (block == nullptr) return nullptr;
        auto* w = new (block) wanted;
        w->filter_size = static_cast<std::uint16_t>(s.filter.size());
        std::memcpy(w + 1, s.filter.data(), s.filter.size());
        w->take_options_of(s);
        wanted** end = &first_;
        while (*end != nullptr) end = &(*end)->next;
        *end = w;
        ++size_;
        return w;
    }
    void remove(wanted& w) {
        if (w.carrier != nullptr) w.carrier->filter = nullptr;
        wanted** at = &first_;
        while (*at != &w) at = &(*at)->next;
        *at = w.next;
        --size_;
        pool_.give(&w, w.block_size());
    }

    wanted* first() const { return first_; }
    std::uint32_t size() const { return size_; }

private:
    pool& pool_;
    wanted* first_ = nullptr;
    profile::size_type size_ = 0;
};

}  // namespace mqtt_as
