// A row as packets: what to write and how much to read, again and again. The raw socket and the Asio floor follow it.
//
// They do for each message what no client can leave out, and nothing else: its bytes, encoded beforehand, are copied
// into the batch and get their packet identifier; of each packet that comes, the fixed header is read.
#pragma once

#include "bench/packets.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct step {
    std::string packet;  // written `times` times, in as few writes as it takes
    std::size_t id_at;   // where its packet identifier is; 0: it has none
    std::uint32_t times;
    std::uint32_t answers;  // packets to read then
};

struct script {
    std::vector<step> turn;
    std::uint32_t messages;  // that one turn carries
};

/// From connecting up to the first message.
inline script opening_of(const load& l) {
    script s{.turn = {{connect_packet(l.in), 0, 1, 1}}, .messages = 0};
    if (l.what.way == direction::receive)
        s.turn.push_back({subscribe_packet(l.in, flood_filter(l), l.what.qos), 0, 1, 1});
    return s;
}

/// A window of messages; of a flood, which has none, `messages`.
inline script turn_of(const load& l, std::uint32_t messages) {
    const traffic& t = l.what;
    const std::uint32_t n = t.window == 0 ? messages : t.window;
    script s{.turn = {}, .messages = n};
    const auto acknowledge = [&](std::uint8_t first, std::uint32_t answers) {
        s.turn.push_back({acknowledgement(first, 1), 2, n, answers});
    };
    if (t.way == direction::receive) {
        s.turn.push_back({{}, 0, 0, n});
        if (t.qos == 1) acknowledge(0x40, 0);
        if (t.qos == 2) acknowledge(0x50, n);
        if (t.qos == 2) acknowledge(0x70, 0);
        return s;
    }
    const std::string message = publish_packet(l.in, t.qos, 1, t.payload_size, topic_of(t));
    const std::size_t id_at = message.size() - t.payload_size - 2 - (l.in == version::v5 ? 1 : 0);
    const bool is_answered = t.qos != 0 || t.way == direction::echo;
    s.turn.push_back({message, t.qos == 0 ? 0 : id_at, n, is_answered ? n : 0});
    if (t.qos == 2) acknowledge(0x62, n);
    return s;
}

/// A write carries this much at most, about: more does not fit into the caches.
inline constexpr std::size_t batch_size = std::size_t{64} * 1024;

/// The next write of a step of small packets of which `done` packets were written; how many are, then.
inline std::uint32_t fill(std::string& out, const step& s, std::uint32_t done) {
    out.clear();
    while (done < s.times && out.size() < batch_size) {
        out += s.packet;
        ++done;
        if (s.id_at == 0) continue;
        char* const id = out.data() + out.size() - s.packet.size() + s.id_at;
        id[0] = static_cast<char>(done >> 8);
        id[1] = static_cast<char>(done & 0xFF);
    }
    return done;
}

/// Counts the packets of a stream that comes in any pieces.
class packet_counter {
public:
    /// How many end in `piece`.
    std::uint32_t count(std::string_view piece) {
        std::uint32_t ended = 0;
        while (!piece.empty()) {
            if (!is_in_body_ && shift_ < 0 && piece.size() >= 2 && static_cast<std::uint8_t>(piece[1]) < 0x80) {
                left_ = static_cast<std::size_t>(piece[1]);  // most are small, and in one piece
                piece.remove_prefix(2);
                is_in_body_ = true;
            } else if (!is_in_body_) {
                const auto byte = static_cast<std::uint8_t>(piece.front());
                piece.remove_prefix(1);
                take_header(byte);
            }
            const std::size_t now = std::min(left_, piece.size());
            piece.remove_prefix(now);
            left_ -= now;
            if (!is_in_body_ || left_ != 0) continue;
            is_in_body_ = false;
            ++ended;
        }
        return ended;
    }

private:
    void take_header(std::uint8_t byte) {
        if (shift_ < 0) {
            shift_ = 0;  // that was the type
            return;
        }
        left_next_ |= static_cast<std::size_t>(byte & 0x7F) << shift_;
        shift_ += 7;
        if (byte >= 0x80) return;
        left_ = left_next_;
        left_next_ = 0;
        shift_ = -1;
        is_in_body_ = true;
    }

    bool is_in_body_ = false;
    int shift_ = -1;  // of the next byte of the length; -1: the type comes first
    std::size_t left_next_ = 0;
    std::size_t left_ = 0;
};

}  // namespace bench
