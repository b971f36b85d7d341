// What became of numbered messages: accepted, acknowledged, delivered, and when.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as::test {

/// Messages are numbered 0, 1, 2... in the order in which the publisher's client accepted them. Not thread-safe: wrap
/// it in `watched`.
class ledger {
public:
    using time = std::chrono::steady_clock::time_point;

    /// A message was accepted: its number.
    std::size_t publish();
    void acknowledge(std::size_t number);
    /// The subscriber got a message whose payload begins with its number. Anything else is counted as unknown.
    void deliver(std::string_view payload, time now = std::chrono::steady_clock::now());

    std::size_t published() const { return messages_.size(); }
    std::size_t acknowledged() const { return acknowledged_; }
    std::size_t delivered() const { return deliveries_.size(); }  ///< each message once
    std::size_t duplicates() const { return duplicates_; }
    std::size_t lost() const { return published() - delivered(); }  ///< or not there yet
    std::size_t unknown() const { return unknown_; }
    /// First deliveries that came after the first delivery of a later message.
    std::size_t out_of_order() const { return out_of_order_; }
    /// The first delivery of any message later than `when`.
    std::optional<time> first_delivery_after(time when) const;
    /// One line for a test that failed.
    std::string text() const;

private:
    struct message {
        bool acknowledged = false;
        bool delivered = false;
    };
    std::vector<message> messages_;
    std::vector<time> deliveries_;
    std::size_t acknowledged_ = 0;
    std::size_t duplicates_ = 0;
    std::size_t unknown_ = 0;
    std::size_t out_of_order_ = 0;
    std::size_t next_in_order_ = 0;
};

}  // namespace mqtt_as::test
