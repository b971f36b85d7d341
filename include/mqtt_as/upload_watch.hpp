// Whether the peer's TCP acknowledges an upload: the only sign of life while a large message is on its way.
#pragma once

#include "mqtt_as/types.hpp"

#include <cstdint>

namespace mqtt_as {

/// For fronts: looks from time to time at how far one connection's bytes have come, and says when that is progress to
/// be told to `engine::on_peer_progress`.
///
/// What was on its way at a look and is acknowledged at the next proves little: a middlebox that acknowledges and
/// delivers nothing does so at once, and of constant traffic there is always something on its way. In a slow upload a
/// part of what was on its way at the first look still is at the second one, long after.
class upload_watch {
public:
    /// What was seen is of no interest any more: a new connection, or something was received.
    void reset() { now_ = state::idle; }

    /// The network is back: whatever is acknowledged from now on is a sign of life.
    void expect_sign(time_point now, std::uint64_t sent, std::uint64_t acknowledged) {
        take(now, sent, acknowledged);
        if (now_ == state::watching) now_ = state::expecting;
    }

    /// `sent` bytes so far, `acknowledged` of them by the peer's TCP. True: that is progress. Two looks less than half
    /// of `response_time` apart are one.
    bool look(time_point now, std::uint64_t sent, std::uint64_t acknowledged, duration response_time) {
        if (now_ == state::watching && now - since_ < response_time / 2) return false;
        const bool moved = now_ != state::idle && acknowledged > acknowledged_;
        const bool is_progress = moved && (now_ == state::expecting || acknowledged < sent_);
        take(now, sent, acknowledged);
        return is_progress;
    }

private:
    void take(time_point now, std::uint64_t sent, std::uint64_t acknowledged) {
        now_ = acknowledged < sent ? state::watching : state::idle;
        since_ = now;
        sent_ = sent;
        acknowledged_ = acknowledged;
    }

    enum class state : std::uint8_t { idle, watching, expecting } now_ = state::idle;
    time_point since_;  // of the last look
    std::uint64_t sent_ = 0;
    std::uint64_t acknowledged_ = 0;
};

}  // namespace mqtt_as
