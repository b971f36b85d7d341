// One client's connection through the fault proxy. Everything here runs on the proxy's thread.
#pragma once

#include "src/chaos/fault_proxy.hpp"
#include "src/chaos/frames.hpp"
#include "src/chaos/rules.hpp"

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_as::chaos {

class proxy_connection : public std::enable_shared_from_this<proxy_connection> {
public:
    using socket = boost::asio::generic::stream_protocol::socket;

    /// Of the client's socket: how far a sender may run ahead of a slow path.
    static constexpr int receive_buffer = 32768;

    proxy_connection(socket client, socket broker, rule_book& rules, content carried);

    void start();
    const std::string& client() const { return client_id_; }
    bool is_closed() const { return closed_; }

    void reset();
    void finish();
    void close();
    void fall_silent(silence how);
    void heal();
    /// Queues bytes behind those that are on their way.
    void pass(toward to, std::string bytes);

private:
    struct parcel {
        std::chrono::steady_clock::time_point due;
        std::string bytes;
        ending then = ending::none;
    };

    // One direction. `ended`: its source has no more bytes.
    struct stream {
        stream(socket& from, socket& to, content what) : source(from), sink(to), pause(from.get_executor()) {
            if (what == content::anything) frames = framer::of_anything();
        }
        socket& source;
        socket& sink;
        boost::asio::steady_timer pause;
        framer frames;
        std::array<char, 8192> chunk;
        std::deque<parcel> queue;
        std::size_t queued = 0;
        std::size_t parcels_due = 0;  ///< the first so many, whose time has come, as far as somebody has looked
        std::size_t bytes_due = 0;    ///< theirs
        bool reading = false;
        bool writing = false;
        bool ended = false;
        bool dropping_rest = false;  ///< of a large packet whose beginning was dropped
    };

    stream& toward_(toward to) { return to == toward::broker ? upward_ : downward_; }
    void read(toward to);
    bool is_full(stream& way) const;
    void has_read(toward to, bool ok, std::size_t size);
    void take(toward to, std::string_view bytes);
    void handle(toward to, const frame& packet);
    void apply(rule_book::entry& rule, const frame& packet);
    void put(toward to, std::string bytes, ending then = ending::none);
    void write(toward to);
    void write_next(toward to);
    void has_written(toward to, bool ok, std::size_t size, std::size_t rate);
    void go_on(toward to, std::size_t size);
    void end(ending how);
    void set_receive_buffer(int size);
    bool client_has_closed();

    socket client_;
    socket broker_;
    rule_book& rules_;
    const content carried_;
    stream upward_;
    stream downward_;
    std::string client_id_;
    bool has_begun_ = false;  ///< something has gone to the broker
    bool silent_ = false;
    bool dropped_bytes_ = false;
    silence how_silent_ = silence::held;
    bool finishing_ = false;  ///< FIN was sent; what the client still sends is read and thrown away
    bool closed_ = false;
};

}  // namespace mqtt_as::chaos
