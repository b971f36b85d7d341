// A row as bytes: what to write and how much to read, again and again. The raw socket and the Asio floor follow it.
#pragma once

#include "bench/packets.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct step {
    std::string write;  // first, in one go
    std::size_t read;   // then, in as few reads as it takes
};

struct script {
    std::vector<step> turn;
    std::uint32_t messages;  // that one turn carries
};

/// From connecting up to the first message.
inline script opening_of(const load& l) {
    script s{.turn = {{connect_packet(l.in), connack_size(l.in)}}, .messages = 0};
    if (l.what.way == direction::receive)
        s.turn.push_back({subscribe_packet(l.in, flood_filter(l), l.what.qos), suback_size(l.in)});
    return s;
}

/// A window of messages; of a flood, which has none, `messages`.
inline script turn_of(const load& l, std::uint32_t messages) {
    const row& r = l.what;
    const std::uint32_t n = r.window == 0 ? messages : r.window;
    const std::size_t acks_size = std::size_t{4} * n;
    script s{.turn = {}, .messages = n};
    if (r.way == direction::receive) {
        const std::size_t flood_size = n * publish_packet(l.in, r.qos, 1, r.payload_size).size();
        s.turn.push_back({{}, flood_size});
        if (r.qos == 1) s.turn.push_back({acknowledgements(0x40, n), 0});
        if (r.qos == 2) {
            s.turn.push_back({acknowledgements(0x50, n), acks_size});
            s.turn.push_back({acknowledgements(0x70, n), 0});
        }
        return s;
    }
    std::string window = publish_packets(l.in, r.qos, n, r.payload_size, topic_of(r));
    const std::size_t answer_size = r.way == direction::echo ? window.size() : r.qos == 0 ? 0 : acks_size;
    s.turn.push_back({std::move(window), answer_size});
    if (r.qos == 2) s.turn.push_back({acknowledgements(0x62, n), acks_size});
    return s;
}

}  // namespace bench
