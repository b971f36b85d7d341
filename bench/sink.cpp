// The broker's side of a measurement: it acknowledges what it is sent, forgets it, sends it back when it came to the
// topic for echoes, and floods when it is asked to.
//
// All connections in one thread. All acknowledgements of one read go out in one write. A large payload is skipped as it
// comes.
#include "bench/memory.hpp"
#include "bench/packets.hpp"
#include "bench/roles.hpp"
#include "bench/sockets.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <sys/epoll.h>

namespace bench {
namespace {

using buffer = std::array<std::uint8_t, 256 * 1024>;

class connection {
public:
    explicit connection(int socket) : socket_(socket) { send_at_once(socket); }
    ~connection() { ::close(socket_); }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Reads once and answers. False when the connection is over.
    bool serve(buffer& in) {
        std::copy(begun_.begin(), begun_.end(), in.begin());
        const ssize_t got = ::recv(socket_, in.data() + begun_.size(), in.size() - begun_.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
        if (got <= 0) return false;
        view rest{in.data(), begun_.size() + static_cast<std::size_t>(got)};
        while (take_packet(rest)) {
        }
        if (is_over_ || rest.size == in.size()) return false;
        begun_.assign(rest.data, rest.data + rest.size);
        const bool is_sent = write_all(socket_, out_) && flood();
        out_.clear();
        return is_sent;
    }

private:
    struct view {
        const std::uint8_t* data;
        std::size_t size;
        void skip(std::size_t n) {
            data += n;
            size -= n;
        }
    };

    /// False when there is no packet to be answered in `rest`.
    bool take_packet(view& rest) {
        const std::size_t skipped = std::min(skip_, rest.size);
        rest.skip(skipped);
        skip_ -= skipped;
        std::size_t length = 0;
        for (std::size_t i = 1; i < rest.size && i < 5; ++i) {
            length |= static_cast<std::size_t>(rest.data[i] & 0x7F) << (7 * (i - 1));
            if (rest.data[i] >= 0x80) continue;
            const std::size_t size = 1 + i + length;
            const bool is_whole = size <= rest.size;
            const bool is_large_publish = size > 4'096 && rest.data[0] >> 4 == 3 && rest.size > 256;
            if (!is_whole && !is_large_publish) return false;
            answer(rest.data, rest.data + 1 + i, size);
            skip_ = is_whole ? 0 : size - rest.size;
            rest.skip(is_whole ? size : rest.size);
            return !is_over_;
        }
        return false;
    }

    void answer(const std::uint8_t* packet_at, const std::uint8_t* body, std::size_t size) {
        const std::uint8_t first = *packet_at;
        switch (first >> 4) {
        case 1:  // CONNECT: the version stands behind "MQTT"
            version_ = static_cast<version>(body[6]);
            out_ += packet(0x20, std::string(connack_size(version_) - 2, '\0'));
            break;
        case 3: {
            const int qos = first >> 1 & 3;
            const auto topic_size = static_cast<std::size_t>(body[0] << 8 | body[1]);
            const std::string_view to(reinterpret_cast<const char*>(body) + 2, topic_size);
            if (qos != 0) acknowledge(qos == 1 ? 0x40 : 0x50, body + 2 + topic_size);
            if (to == echo_topic) out_.append(reinterpret_cast<const char*>(packet_at), size);
            break;
        }
        case 4: ++room_; break;                  // PUBACK
        case 5: acknowledge(0x62, body); break;  // PUBREC
        case 6: acknowledge(0x70, body); break;  // PUBREL
        case 7: ++room_; break;                  // PUBCOMP
        case 8: subscribe(body, packet_at + size); break;
        case 12: out_ += packet(0xD0, {}); break;  // PINGREQ
        default: is_over_ = true;                  // DISCONNECT
        }
    }

    void acknowledge(std::uint8_t first, const std::uint8_t* id) {
        const char bytes[] = {static_cast<char>(first), 2, static_cast<char>(id[0]), static_cast<char>(id[1])};
        out_.append(bytes, sizeof bytes);
    }

    void subscribe(const std::uint8_t* body, const std::uint8_t* end) {
        const std::size_t filter_at = version_ == version::v5 ? 3 : 2;  // no properties
        const std::string ack(reinterpret_cast<const char*>(body), filter_at);
        const std::string filter(reinterpret_cast<const char*>(body) + filter_at + 2,
                                 reinterpret_cast<const char*>(end) - 1);
        out_ += packet(0x90, ack + static_cast<char>(end[-1]));
        std::size_t size = 0;
        int qos = 0;
        std::size_t window = 0;
        left_ = 0;
        if (std::sscanf(filter.c_str(), "flood/%zu/%zu/%d/%zu", &size, &left_, &qos, &window) != 4) return;
        constexpr std::size_t batch_size = std::size_t{128} * 1024;
        const std::size_t batch = qos == 0 ? std::clamp<std::size_t>(batch_size / (size + 1), 1, 1'000) : window;
        room_ = qos == 0 ? left_ : window;
        at_ = 0;
        messages_ = publish_packets(version_, qos, batch, size);
        message_size_ = messages_.size() / batch;
    }

    /// Sends the messages that there is room for, round and round, so that identifiers come in turn.
    bool flood() {
        while (left_ != 0 && room_ != 0) {
            const std::size_t batch = messages_.size() / message_size_;
            const std::size_t now = std::min({left_, room_, batch - at_});
            const std::string_view part(messages_.data() + at_ * message_size_, now * message_size_);
            if (!write_all(socket_, part)) return false;
            at_ = (at_ + now) % batch;
            left_ -= now;
            room_ -= now;
        }
        return true;
    }

    const int socket_;
    version version_ = version::v3_1_1;
    bool is_over_ = false;
    std::string begun_;     // the first bytes of a packet whose rest is to come
    std::size_t skip_ = 0;  // bytes to come of a packet that was answered already
    std::string out_;

    std::string messages_;  // of the flood: as many as go out in one write at most
    std::size_t message_size_ = 0;
    std::size_t at_ = 0;    // the next one of them
    std::size_t left_ = 0;  // messages still to be sent
    std::size_t room_ = 0;  // messages that may go out before the next acknowledgement
};

}  // namespace

void serve(int listener) {
    open_many_files();
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    const auto watch = [poll](int socket, connection* who) {
        epoll_event event{.events = EPOLLIN, .data = {.ptr = who}};
        if (::epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event) != 0) give_up("epoll_ctl");
    };
    watch(listener, nullptr);
    const auto in = std::make_unique<buffer>();
    for (;;) {
        std::array<epoll_event, 256> events;
        const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < ready; ++i) {
            if (auto* const who = static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr)) {
                if (!who->serve(*in)) delete who;  // closes its socket, and so leaves the poll
                continue;
            }
            const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) give_up("accept");
            watch(socket, new connection(socket));
        }
    }
}

}  // namespace bench
