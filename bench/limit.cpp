// What the machine allows: the same bytes through one blocking socket, encoded beforehand and not looked at.
#include "bench/meter.hpp"
#include "bench/roles.hpp"
#include "bench/script.hpp"
#include "bench/sockets.hpp"

#include <algorithm>
#include <vector>

namespace bench {
namespace {

class program {
public:
    explicit program(const load& l) : load_(l), socket_(connect_to(l.port)) { perform(opening_of(l)); }
    ~program() { ::close(socket_); }
    program(const program&) = delete;
    program& operator=(const program&) = delete;

    void run() {
        repeat(load_.warm_up);
        meter_.start();
        repeat(load_.count);
        meter_.print();
    }

private:
    void repeat(std::uint32_t messages) {
        const script s = turn_of(load_, messages);
        for (std::uint32_t done = 0; done < messages; done += s.messages) {
            perform(s);
            if (load_.what.way == direction::echo) meter_.lap();
        }
    }

    void perform(const script& s) {
        for (const step& one : s.turn) {
            if (!write_all(socket_, one.write)) give_up("write");
            read_bytes(one.read);
        }
    }

    void read_bytes(std::size_t size) {
        while (size != 0) {
            const ssize_t got = ::read(socket_, in_.data(), std::min(size, in_.size()));
            if (got <= 0) give_up("read");
            size -= static_cast<std::size_t>(got);
        }
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
