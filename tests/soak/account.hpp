// What became of every message of a soak, and whether it should have.
//
// Lost is a message that was acknowledged and never delivered. Mosquitto 2.0.11 itself forgets some when it is killed,
// so these are *at its mercy*, counted apart and never as lost:
//
// - what it acknowledged in the moment before: it saves after it has acknowledged;
// - of qos 2 what was under way meanwhile or came right after it was back: killed between PUBREC and PUBREL it does not
//   know the message any more and answers PUBREL with PUBCOMP; and it gives packet identifiers to new messages that the
//   subscriber, whose session it kept as it was a moment before, must take for those of messages it has already got.
//
// A message that a killed publisher had not been acknowledged counts as published only when it was delivered.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as::soak {

using moment = std::chrono::milliseconds;  // since any fixed time, the same for all processes

struct verdict {
    std::size_t published = 0;  // and acknowledged or delivered
    std::size_t delivered = 0;  // of those
    std::size_t lost = 0;
    std::size_t at_mercy = 0;   // acknowledged by a broker that was killed, as above
    std::size_t forgotten = 0;  // of those, by the broker
    std::size_t unknown = 0;    // delivered, but never published
    std::size_t failed = 0;     // publishes that ended with an error
    std::size_t twice[3] = {};  // delivered more than once, by qos
    std::string first_lost;

    bool is_good() const { return published > 0 && lost == 0 && unknown == 0 && failed == 0; }
};

class account {
public:
    /// A line of a publisher's or the subscriber's journal: see client.cpp. False when it is not understood.
    bool enter(std::string_view line);
    /// The broker was killed, and was there again.
    void broker_was_away(moment killed, moment back) { absences_.push_back({killed, back}); }

    verdict judge() const;

private:
    struct message {
        int qos = 0;
        moment accepted{};
        moment acknowledged{};
        bool is_acknowledged = false;
        std::size_t deliveries = 0;
    };
    struct absence {
        moment killed;
        moment back;
    };
    bool is_at_mercy(const message&) const;

    std::map<std::string, message, std::less<>> messages_;  // by their payloads
    std::vector<absence> absences_;
    std::size_t unknown_ = 0;
    std::size_t failed_ = 0;
};

}  // namespace mqtt_as::soak
