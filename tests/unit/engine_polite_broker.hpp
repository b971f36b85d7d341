// The smallest broker that answers everything as the specification wants it, for tests whose story is elsewhere.
#pragma once

#include "tests/unit/engine_fixture.hpp"

namespace engine_tests {

class polite_broker {
public:
    explicit polite_broker(world& w) : w_(w), at_(w.log.size()) {}

    bool session_present = false;  ///< what the next CONNACK says

    /// Answers what has been sent since the last call, and whatever follows from the answers.
    void run() {
        for (;;) {
            if (w_.opening) w_.open();
            w_.flush();
            if (at_ >= w_.log.size()) return;
            const auto sent = w_.log[at_++].data;
            answer(sent);
        }
    }
    /// Forgets what was sent before.
    void skip() { at_ = w_.log.size(); }
    /// The packet that was sent last before this broker was there still waits for its answer.
    void answer_last() { at_ = w_.log.size() - 1; }

private:
    void answer(const std::vector<std::uint8_t>& sent) {
        const auto high = static_cast<std::uint8_t>(id_of(sent) >> 8);
        const auto low = static_cast<std::uint8_t>(id_of(sent));
        const bool v5 = w_.is_v5();
        switch (sent[0] >> 4) {
        case 1: w_.accept(session_present); break;
        case 3:
            if ((sent[0] & 0x06) == 0x02) give({0x40, 2, high, low});
            if ((sent[0] & 0x06) == 0x04) give({0x50, 2, high, low});
            break;
        case 5: give({0x62, 2, high, low}); break;
        case 6: give({0x70, 2, high, low}); break;
        case 8:
            if (v5) give({0x90, 4, high, low, 0, sent.back()});
            if (!v5) give({0x90, 3, high, low, sent.back()});
            break;
        case 10:
            if (v5) give({0xB0, 4, high, low, 0, 0});
            if (!v5) give({0xB0, 2, high, low});
            break;
        case 12: give({0xD0, 0}); break;
        default: break;
        }
    }
    void give(const std::vector<std::uint8_t>& packet) { w_.feed_bytes(packet); }

    world& w_;
    std::size_t at_;
};

/// How far one publish has come. Which steps exist depends on the qos.
enum class step {
    queued,           // no connection yet
    submitted,        // online; the transport has not asked for bytes
    offered,          // in a batch that the transport holds, none of it taken
    torn,             // three bytes taken
    sent,             // qos 1, 2: the last byte taken
    answered,         // qos 2: PUBREC received
    release_offered,  // qos 2: PUBREL in a batch that the transport holds
    release_sent,     // qos 2: PUBREL taken
    finished
};

inline std::vector<step> steps_of(std::uint8_t qos) {
    using enum step;
    if (qos == 0) return {queued, submitted, offered, torn, finished};
    if (qos == 1) return {queued, submitted, offered, torn, sent, finished};
    return {queued, submitted, offered, torn, sent, answered, release_offered, release_sent, finished};
}

inline std::string name(step s) {
    static constexpr const char* names[] = {"queued",   "submitted",       "offered",      "torn",    "sent",
                                            "answered", "release offered", "release sent", "finished"};
    return names[static_cast<int>(s)];
}

/// Publishes "payload" to "t" in a world that keeps its session, and brings it as far as `to`. All in one moment.
inline int publish_up_to(world& w, std::uint8_t qos, step to, publish_request r = {}) {
    w.config.clean_init = false;
    w.config.clean = false;
    w.go_online();
    if (to == step::queued) {
        w.lose();
        w.await_attempt();
    }
    r.topic = "t";
    if (r.payload.empty()) r.payload = as_bytes("payload");
    r.qos = qos;
    const int op = w.publish(r);
    if (to <= step::submitted) return op;
    const std::size_t size = w.offer();
    if (to == step::offered) return op;
    w.take(to == step::torn ? 3 : size);
    if (to == step::torn) return op;
    w.flush();
    if (to == step::sent) return op;
    const std::string id = u16(w.last_id());
    if (qos == 1) w.feed("40 02 " + id);
    if (qos < 2) return op;
    w.feed("50 02 " + id);
    if (to == step::answered) return op;
    w.offer();
    if (to == step::release_offered) return op;
    w.take_all();
    if (to == step::release_sent) return op;
    w.feed("70 02 " + id);
    return op;
}

}  // namespace engine_tests
