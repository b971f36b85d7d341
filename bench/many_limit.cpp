// What the machine allows of many connections in one process: raw sockets in one epoll.
#include "bench/memory.hpp"
#include "bench/meter.hpp"
#include "bench/roles.hpp"
#include "bench/script.hpp"
#include "bench/sockets.hpp"

#include <array>
#include <sys/epoll.h>
#include <vector>

namespace bench {
namespace {

class program {
public:
    program(const load& l, std::uint32_t clients) : load_(l), step_(turn_of(l, l.count).turn.front()) {
        open_many_files();
        const std::size_t resident_kb = status_kb("VmRSS:");
        meter connecting;
        connecting.start();
        connections_.reserve(clients);
        for (std::uint32_t i = 0; i < clients; ++i) connections_.push_back({.socket = connect_to(l.port)});
        for (const connection& c : connections_) write(c, connect_packet(l.in));
        for (connection& c : connections_) {
            while (c.incoming.count(read(c)) == 0) {
            }
        }
        meter::print("connect_us", connecting.wall_ns() / 1'000);
        meter::print("rss_b", (status_kb("VmRSS:") - resident_kb) * 1'024 / clients);
    }
    ~program() {
        for (const connection& c : connections_) ::close(c.socket);
    }
    program(const program&) = delete;
    program& operator=(const program&) = delete;

    void run() {
        if (load_.count == 0) {
            std::printf("\n");
            return;
        }
        const int poll = ::epoll_create1(EPOLL_CLOEXEC);
        for (connection& c : connections_) {
            epoll_event event{.events = EPOLLIN, .data = {.ptr = &c}};
            if (::epoll_ctl(poll, EPOLL_CTL_ADD, c.socket, &event) != 0) give_up("epoll_ctl");
            write_window(c);
        }
        const auto until = [&](std::uint32_t messages) {
            while (done_ < messages) {
                std::array<epoll_event, 128> events;
                const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
                for (int i = 0; i < ready; ++i)
                    on_readable(*static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr));
            }
        };
        until(load_.warm_up);
        meter_.start();
        until(load_.total());
        meter_.print();
    }

private:
    struct connection {
        int socket;
        packet_counter incoming{};
        std::uint32_t awaited = 0;
    };

    static void write(const connection& c, std::string_view bytes) {
        if (!write_all(c.socket, bytes)) give_up("write");
    }
    std::string_view read(const connection& c) {
        const ssize_t got = ::read(c.socket, in_.data(), in_.size());
        if (got <= 0) give_up("read");
        return {in_.data(), static_cast<std::size_t>(got)};
    }

    void write_window(connection& c) {
        fill(out_, step_, 0);
        write(c, out_);
        c.awaited = step_.answers;
    }

    void on_readable(connection& c) {
        const std::uint32_t ended = c.incoming.count(read(c));
        done_ += ended;
        c.awaited -= ended;
        if (c.awaited == 0) write_window(c);
    }

    const load load_;
    const step step_;
    std::vector<connection> connections_;
    std::string out_;
    std::array<char, 16 * 1024> in_;
    std::uint32_t done_ = 0;
    meter meter_;
};

}  // namespace

int run_many_limit(const load& l, std::uint32_t clients) {
    program(l, clients).run();
    return 0;
}

}  // namespace bench
