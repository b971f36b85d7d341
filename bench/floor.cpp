// What Asio allows: the script of a row through one io_context, a window in one write.
//
// Beyond what the raw socket does, each message is encoded anew, what comes is read through a buffer as small as that
// of a client which expects to be one of many, and somebody is given each message and told of the end of each publish.
// There is no validation, no timer, no memory of what was sent, no public interface.
#include "bench/memory.hpp"
#include "bench/meter.hpp"
#include "bench/roles.hpp"
#include "bench/script.hpp"
#include "bench/sockets.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace bench {
namespace {

/// What all connections of the process have done together.
class tally {
public:
    explicit tally(const load& l) : meter_(l) {}

    void one_more() {
        if (meter_.one_more()) loop.stop();
    }
    void lap() { meter_.lap(); }

    boost::asio::io_context loop{1};

private:
    load_meter meter_;
};

class connection {
public:
    connection(const load& l, tally& all)
        : load_(l), all_(all), payload_(l.what.payload_size, 'x'),
          socket_(all.loop, boost::asio::ip::tcp::v4(), connect_to(l.port)), script_(opening_of(l)) {
        write();
    }

private:
    void write() {
        const step& now = script_.turn[at_];
        if (written_ == now.times) {
            written_ = 0;
            return read(now.answers);
        }
        is_large_ = false;
        if (at_ == 0 && is_open_) {
            is_large_ = payload_.size() >= large_payload;
            encode(now.times);
        } else {
            written_ = fill(out_, now, written_);
        }
        const auto by_reference = is_large_ ? boost::asio::buffer(payload_) : boost::asio::const_buffer();
        boost::asio::async_write(socket_,
                                 std::array{boost::asio::const_buffer(boost::asio::buffer(out_)), by_reference},
                                 [this](boost::system::error_code error, std::size_t) {
                                     if (error) give_up("write");
                                     write();
                                 });
    }

    void encode(std::uint32_t messages) {
        out_.clear();
        while (written_ < messages && out_.size() < batch_size) {
            append_head(out_, load_.in, load_.what.qos, ++written_, topic_of(load_.what), payload_.size());
            if (is_large_) return;
            out_ += payload_;
        }
    }

    void read(std::uint32_t answers) {
        if (arrived_ >= answers) {
            arrived_ -= answers;
            return next();
        }
        socket_.async_read_some(boost::asio::buffer(in_.data() + kept_, in_.size() - kept_),
                                [this, answers](boost::system::error_code error, std::size_t got) {
                                    if (error) give_up("read");
                                    take_packets(kept_ + got);
                                    read(answers);
                                });
    }

    /// All whole ones of the first `size` bytes; what is left moves to the front.
    void take_packets(std::size_t size) {
        std::size_t at = 0;
        while (const std::size_t packet_size = take_packet(in_.data() + at, size - at)) at += packet_size;
        kept_ = size - at;
        std::memmove(in_.data(), in_.data() + at, kept_);
        if (kept_ == in_.size()) in_.resize(2 * in_.size());
    }

    /// Its size; 0 when it is not there as a whole.
    std::size_t take_packet(const char* from, std::size_t size) {
        std::size_t length = 0;
        for (std::size_t i = 1; i < size && i < 5; ++i) {
            length |= static_cast<std::size_t>(from[i] & 0x7F) << (7 * (i - 1));
            if (static_cast<std::uint8_t>(from[i]) >= 0x80) continue;
            const std::size_t packet_size = 1 + i + length;
            if (packet_size > size) return 0;
            ++arrived_;
            if ((from[0] & 0xF0) == 0x30) take_message(from[0], {from + 1 + i, length});
            return packet_size;
        }
        return 0;
    }

    void take_message(char first, std::string_view body) {
        const auto topic_size =
            static_cast<std::size_t>(static_cast<std::uint8_t>(body[0]) << 8 | static_cast<std::uint8_t>(body[1]));
        const std::size_t head_size = 2 + topic_size + ((first & 6) != 0 ? 2 : 0) + (load_.in == version::v5 ? 1 : 0);
        on_message_(body.substr(2, topic_size), body.substr(head_size));
    }

    void tell_of_ends() {
        for (std::uint32_t i = 0; i < script_.messages; ++i) on_end_();
    }

    void next() {
        if (++at_ == script_.turn.size()) {
            at_ = 0;
            if (is_open_ && load_.what.way == direction::echo) all_.lap();
            if (load_.what.way != direction::receive) tell_of_ends();
            if (!is_open_) script_ = turn_of(load_, load_.warm_up);
            is_open_ = true;
        }
        write();
    }

    const load load_;
    tally& all_;
    const std::string payload_;
    boost::asio::ip::tcp::socket socket_;
    bool is_open_ = false;  // messages go to and fro
    script script_;
    std::size_t at_ = 0;
    std::uint32_t written_ = 0;  // packets of this step
    std::string out_;
    bool is_large_ = false;  // the payload follows `out_`
    std::function<void()> on_end_ = [this] { all_.one_more(); };
    std::function<void(std::string_view, std::string_view)> on_message_ = [this](std::string_view, std::string_view) {
        if (load_.what.way == direction::receive) all_.one_more();
    };
    std::uint32_t arrived_ = 0;  // packets, read and not yet asked for
    std::vector<char> in_ = std::vector<char>(std::size_t{16} * 1024);
    std::size_t kept_ = 0;  // the first bytes in it, of a packet whose rest is to come
};

}  // namespace

int run_floor(const load& l, std::uint32_t clients) {
    open_many_files();
    tally all(l);
    std::vector<std::unique_ptr<connection>> connections;
    connections.reserve(clients);
    for (std::uint32_t i = 0; i < clients; ++i) connections.push_back(std::make_unique<connection>(l, all));
    all.loop.run();
    return 0;
}

}  // namespace bench
