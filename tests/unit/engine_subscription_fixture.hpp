// What the tests of subscriptions share: SUBSCRIBE and SUBACK as they stand on the wire, and a way to lose the session.
#pragma once

#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {

class subscription_test : public engine_test {
protected:
    void SetUp() override {
        w.config.clean_init = false;
        w.config.clean = false;
    }
    std::string suback(unsigned id, const std::string& reason) const {
        return w.either("90 03 " + u16(id) + " " + reason, "90 04 " + u16(id) + " 00 " + reason);
    }
    /// SUBSCRIBE to a filter of one letter.
    std::string subscribe_bytes(unsigned id, const std::string& filter, const std::string& options) const {
        return packet("82", u16(id) + w.none() + "00 01 " + hex(filter) + " " + options);
    }
    /// Subscribes and is granted what it asks for.
    void have(std::string_view filter, std::uint8_t qos) {
        w.subscribe(filter, qos);
        w.forget_sent();
        w.feed(suback(w.last_id(), "0" + std::to_string(qos)));
        w.events();
    }
    /// Loses connection and session; what goes out on the next connection after CONNECT.
    std::vector<std::string> lose_session() {
        w.lose();
        w.events();
        w.forget_sent();
        w.reconnect(false);
        auto packets = w.sent_packets();
        packets.erase(packets.begin());
        return packets;
    }
};

}  // namespace engine_tests
