// The broker's side of a measurement: it acknowledges what it is sent, forgets it, and floods when it is asked to.
//
// One connection at a time, blocking: with the client on the same core there is nothing to gain from more. All
// acknowledgements of one read go out in one write.
#include "bench/packets.hpp"
#include "bench/roles.hpp"
#include "bench/sockets.hpp"

#include <array>
#include <cstring>

namespace bench {
namespace {

class connection {
public:
    explicit connection(int socket) : socket_(socket) { send_at_once(socket); }
    ~connection() { ::close(socket_); }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    void run() {
        std::size_t kept = 0;
        for (;;) {
            const ssize_t got = ::read(socket_, in_.data() + kept, in_.size() - kept);
            if (got <= 0) return;
            const std::size_t size = kept + static_cast<std::size_t>(got);
            std::size_t at = 0;
            while (const std::size_t packet_size = whole_packet(at, size)) {
                if (!answer(at, packet_size)) return;
                at += packet_size;
            }
            kept = size - at;
            if (kept == in_.size()) return;  // larger than anything that is measured
            std::memmove(in_.data(), in_.data() + at, kept);
            if (!write_all(socket_, out_)) return;
            out_.clear();
            if (!flood()) return;
        }
    }

private:
    /// The size of the packet at `at`, 0 when it is not there as a whole.
    std::size_t whole_packet(std::size_t at, std::size_t end) {
        std::size_t length = 0;
        for (std::size_t i = 1; at + i < end && i < 5; ++i) {
            const std::uint8_t byte = in_[at + i];
            length |= static_cast<std::size_t>(byte & 0x7F) << (7 * (i - 1));
            if (byte >= 0x80) continue;
            header_size_ = 1 + i;
            return header_size_ + length <= end - at ? header_size_ + length : 0;
        }
        return 0;
    }

    bool answer(std::size_t at, std::size_t size) {
        const std::uint8_t first = in_[at];
        const std::uint8_t* body = in_.data() + at + header_size_;
        switch (first >> 4) {
        case 1:  // CONNECT: the version stands behind "MQTT"
            version_ = body[6] == 5 ? version::v5 : version::v3_1_1;
            out_ += packet(0x20, std::string(version_ == version::v5 ? 3 : 2, '\0'));
            return true;
        case 3: {
            const int qos = first >> 1 & 3;
            const std::uint8_t* id = body + 2 + (body[0] << 8 | body[1]);
            if (qos != 0) acknowledge(qos == 1 ? 0x40 : 0x50, id);
            return true;
        }
        case 6: acknowledge(0x70, body); return true;  // PUBREL
        case 8: subscribe(body, size - header_size_); return true;
        case 12: out_ += packet(0xD0, {}); return true;  // PINGREQ
        case 14: return false;                           // DISCONNECT
        default: return true;
        }
    }

    void acknowledge(std::uint8_t first, const std::uint8_t* id) {
        const char bytes[] = {static_cast<char>(first), 2, static_cast<char>(id[0]), static_cast<char>(id[1])};
        out_.append(bytes, sizeof bytes);
    }

    void subscribe(const std::uint8_t* body, std::size_t size) {
        const std::size_t filter_at = version_ == version::v5 ? 3 : 2;  // no properties
        std::string ack(reinterpret_cast<const char*>(body), filter_at);
        out_ += packet(0x90, ack + '\0');
        const std::string filter(reinterpret_cast<const char*>(body) + filter_at + 2, size - filter_at - 3);
        if (std::sscanf(filter.c_str(), "flood/%zu/%zu", &flood_size_, &flood_count_) != 2) flood_count_ = 0;
    }

    bool flood() {
        if (flood_count_ == 0) return true;
        const std::string one = publish_packet(version_, 0, 0, flood_size_);
        constexpr std::size_t batch = 1000;
        std::string many;
        for (std::size_t i = 0; i < batch; ++i) many += one;
        for (; flood_count_ != 0;) {
            const std::size_t now = flood_count_ < batch ? flood_count_ : batch;
            if (!write_all(socket_, std::string_view(many).substr(0, now * one.size()))) return false;
            flood_count_ -= now;
        }
        return true;
    }

    const int socket_;
    version version_ = version::v3_1_1;
    std::array<std::uint8_t, 256 * 1024> in_;
    std::size_t header_size_ = 0;  // of the packet last looked at
    std::string out_;
    std::size_t flood_size_ = 0;
    std::size_t flood_count_ = 0;
};

}  // namespace

void serve(int listener) {
    for (;;) {
        const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) give_up("accept");
        connection(socket).run();
    }
}

}  // namespace bench
