// Bookkeeping by number.
#include "tests/support/ledger.hpp"

#include <algorithm>
#include <charconv>

namespace mqtt_as::test {

std::size_t ledger::publish() {
    messages_.emplace_back();
    return messages_.size() - 1;
}

void ledger::acknowledge(std::size_t number) {
    if (!messages_.at(number).acknowledged) ++acknowledged_;
    messages_[number].acknowledged = true;
}

void ledger::deliver(std::string_view payload, time now) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(payload.data(), payload.data() + payload.size(), number);
    if (error != std::errc() || number >= messages_.size()) {
        ++unknown_;
    } else if (messages_[number].delivered) {
        ++duplicates_;
    } else {
        messages_[number].delivered = true;
        deliveries_.push_back(now);
        if (number < next_in_order_) ++out_of_order_;
        next_in_order_ = std::max(next_in_order_, number + 1);
    }
}

std::optional<ledger::time> ledger::first_delivery_after(time when) const {
    const auto found = std::upper_bound(deliveries_.begin(), deliveries_.end(), when);
    if (found == deliveries_.end()) return std::nullopt;
    return *found;
}

std::string ledger::text() const {
    std::string text = std::to_string(published()) + " published, " + std::to_string(acknowledged()) +
                       " acknowledged, " + std::to_string(delivered()) + " delivered, " + std::to_string(lost()) +
                       " lost, " + std::to_string(duplicates()) + " duplicates, " + std::to_string(out_of_order()) +
                       " out of order, " + std::to_string(unknown()) + " unknown; lost:";
    std::size_t shown = 0;
    for (std::size_t n = 0; n < messages_.size() && shown < 10; ++n) {
        if (messages_[n].delivered) continue;
        text += ' ' + std::to_string(n) + (messages_[n].acknowledged ? " (acknowledged)" : "");
        ++shown;
    }
    return text;
}

}  // namespace mqtt_as::test
