// What the machine allows: the same bytes through one blocking socket, encoded beforehand and not looked at.
#include "bench/meter.hpp"
#include "bench/packets.hpp"
#include "bench/roles.hpp"
#include "bench/sockets.hpp"

#include <algorithm>
#include <vector>

namespace bench {
namespace {

class program {
public:
    explicit program(const load& l) : load_(l), socket_(connect_to(l.port)) {
        send(connect_packet(load_.in));
        read_bytes(load_.in == version::v5 ? 5 : 4);  // CONNACK
    }
    ~program() { ::close(socket_); }
    program(const program&) = delete;
    program& operator=(const program&) = delete;

    void run() { load_.what.way == row::direction::receive ? receive() : publish(); }

private:
    void send(std::string_view data) const {
        if (!write_all(socket_, data)) give_up("write");
    }
    void read_bytes(std::size_t size) {
        while (size != 0) {
            const ssize_t got = ::read(socket_, in_.data(), std::min(size, in_.size()));
            if (got <= 0) give_up("read");
            size -= static_cast<std::size_t>(got);
        }
    }

    /// A window in one write, its acknowledgements in as few reads as it takes.
    void publish() {
        std::string window;
        for (std::uint32_t i = 1; i <= load_.what.window; ++i)
            window += publish_packet(load_.in, load_.what.qos, static_cast<std::uint16_t>(i), load_.what.payload_size);
        const std::size_t answer_size = load_.what.qos == 0 ? 0 : std::size_t{4} * load_.what.window;
        const auto send_windows = [&](std::uint32_t messages) {
            for (std::uint32_t sent = 0; sent < messages; sent += load_.what.window) {
                send(window);
                read_bytes(answer_size);
            }
        };
        send_windows(load_.warm_up);
        meter_.start();
        send_windows(load_.count);
        meter_.print();
    }

    void receive() {
        send(subscribe_packet(load_.in, flood_filter(load_)));
        read_bytes(load_.in == version::v5 ? 6 : 5);  // SUBACK
        const std::size_t size = publish_packet(load_.in, 0, 0, load_.what.payload_size).size();
        read_bytes(size * load_.warm_up);
        meter_.start();
        read_bytes(size * load_.count);
        meter_.print();
    }

    const load load_;
    const int socket_;
    meter meter_;
    std::vector<char> in_ = std::vector<char>(std::size_t{64} * 1024);
};

}  // namespace

int run_limit(const load& l) {
    program(l).run();
    return 0;
}

}  // namespace bench
