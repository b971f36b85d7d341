// What the machine allows: the script of a row through one blocking socket.
#include "bench/meter.hpp"
#include "bench/roles.hpp"
#include "bench/script.hpp"
#include "bench/sockets.hpp"

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
            for (std::uint32_t done = 0; done < one.times;) {
                const bool is_large = one.packet.size() >= large_payload;
                done = is_large ? done + 1 : fill(out_, one, done);
                if (!write_all(socket_, is_large ? one.packet : out_)) give_up("write");
            }
            while (arrived_ < one.answers) {
                const ssize_t got = ::read(socket_, in_.data(), in_.size());
                if (got <= 0) give_up("read");
                arrived_ += incoming_.count({in_.data(), static_cast<std::size_t>(got)});
            }
            arrived_ -= one.answers;
        }
    }

    const load load_;
    const int socket_;
    meter meter_;
    std::string out_;
    packet_counter incoming_;
    std::uint32_t arrived_ = 0;  // packets, read and not yet asked for
    std::vector<char> in_ = std::vector<char>(std::size_t{64} * 1024);
};

}  // namespace

int run_limit(const load& l) {
    program(l).run();
    return 0;
}

}  // namespace bench
