// The packet that arrives in pieces: its fixed header first, then, in a block of its size, its body.
#pragma once

#include "src/engine/memory.hpp"
#include "src/wire/protocol.hpp"

#include <algorithm>

namespace mqtt_as {

class assembly {
public:
    assembly(pool& memory, const limits& limits) : memory_(memory, limits.packet_bytes_max) {}

    /// At the border between two packets.
    bool empty() const { return header.header_size == 0; }
    bool is_whole() const { return header.is_complete && filled_ == header.remaining_length; }
    bytes body() const { return {memory_.data(), header.remaining_length}; }
    /// The place for bodies, while there is none. Hosts have none then.
    std::span<std::uint8_t> room(const limits& l) const {
        return {memory_.data(), profile::is_board ? l.packet_bytes_max : 0};
    }

    /// The header is complete. False without memory for the body.
    bool begin() { return memory_.take(header.remaining_length); }
    /// How many bytes of `in` belong to the body: they are copied.
    std::size_t add(bytes in) {
        const std::size_t part = std::min(std::size_t{header.remaining_length} - filled_, in.size());
        if (part != 0) std::memcpy(memory_.data() + filled_, in.data(), part);
        filled_ = static_cast<profile::size_type>(filled_ + part);
        return part;
    }
    void drop() {
        memory_.give(header.remaining_length);
        filled_ = 0;
        header = {};
    }

    wire::fixed_header header;

private:
    /// Hosts: a block for each packet.
    class block_for_each {
    public:
        block_for_each(pool& memory, std::size_t) : pool_(memory) {}
        bool take(std::size_t size) {
            data_ = static_cast<std::uint8_t*>(pool_.take(size));
            return data_ != nullptr;
        }
        void give(std::size_t size) { pool_.give(std::exchange(data_, nullptr), size); }
        std::uint8_t* data() const { return data_; }

    private:
        pool& pool_;
        std::uint8_t* data_ = nullptr;
    };
    /// Boards: one for all of them, so that none can fail.
    class block_for_all {
    public:
        block_for_all(pool& memory, std::size_t max) : place_(memory.take(max)) {}
        static bool take(std::size_t) { return true; }
        static void give(std::size_t) {}
        std::uint8_t* data() const { return static_cast<std::uint8_t*>(place_.get()); }

    private:
        place_behind place_;
    };

    [[no_unique_address]] std::conditional_t<profile::is_board, block_for_all, block_for_each> memory_;
    profile::size_type filled_ = 0;  // bytes of the body that have come
};

}  // namespace mqtt_as
