// What Asio allows: the same bytes through one io_context, a window in one write, encoded beforehand and not looked at.
#include "bench/meter.hpp"
#include "bench/roles.hpp"
#include "bench/script.hpp"
#include "bench/sockets.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <vector>

namespace bench {
namespace {

class program {
public:
    explicit program(const load& l) : load_(l), socket_(loop_, boost::asio::ip::tcp::v4(), connect_to(l.port)) {}

    void run() {
        follow(opening_of(load_), 1);
        loop_.run();
    }

private:
    enum class phase : std::uint8_t { opening, warming, counting };

    void follow(script s, std::uint32_t turns) {
        script_ = std::move(s);
        turns_ = turns;
        at_ = 0;
        write();
    }

    void write() {
        if (script_.turn[at_].write.empty()) return read(script_.turn[at_].read);
        boost::asio::async_write(socket_, boost::asio::buffer(script_.turn[at_].write),
                                 [this](boost::system::error_code error, std::size_t) {
                                     if (error) give_up("write");
                                     read(script_.turn[at_].read);
                                 });
    }

    void read(std::size_t left) {
        if (left == 0) return next();
        socket_.async_read_some(boost::asio::buffer(in_.data(), std::min(left, in_.size())),
                                [this, left](boost::system::error_code error, std::size_t got) {
                                    if (error) give_up("read");
                                    read(left - got);
                                });
    }

    void next() {
        if (++at_ == script_.turn.size()) {
            at_ = 0;
            if (load_.what.way == direction::echo && phase_ != phase::opening) meter_.lap();
            if (--turns_ == 0) return next_phase();
        }
        write();
    }

    void next_phase() {
        switch (phase_) {
        case phase::opening: phase_ = phase::warming; return repeat(load_.warm_up);
        case phase::warming:
            phase_ = phase::counting;
            meter_.start();
            return repeat(load_.count);
        case phase::counting: meter_.print();
        }
    }

    void repeat(std::uint32_t messages) {
        script s = turn_of(load_, messages);
        const std::uint32_t turns = messages / s.messages;
        follow(std::move(s), turns);
    }

    const load load_;
    boost::asio::io_context loop_{1};
    boost::asio::ip::tcp::socket socket_;
    meter meter_;
    phase phase_ = phase::opening;
    script script_;
    std::size_t at_ = 0;
    std::uint32_t turns_ = 0;
    std::vector<char> in_ = std::vector<char>(std::size_t{64} * 1024);
};

}  // namespace

int run_floor(const load& l) {
    program(l).run();
    return 0;
}

}  // namespace bench
