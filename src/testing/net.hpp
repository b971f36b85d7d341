// The network in virtual time: connections between the clients' transports and the server.
//
// Theory of operation. Bytes of either side are cut into packets, each is judged by the rules, and what remains is a
// parcel with the moment when it arrives. Of a silent connection nothing arrives; its parcels wait (or are lost, when
// the silence is of the dropping kind). A connection has two ends that learn of its end separately: the server by
// `lost`, the client's transport by what it reads.
#pragma once

#include "src/asio/transport/transport.hpp"
#include "src/asio/world.hpp"
#include "src/chaos/frames.hpp"
#include "src/chaos/rules.hpp"
#include "src/link/link.hpp"
#include "tests/sim/schedule.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as::testing {

class virtual_transport;
class virtual_link;
using connection_id = std::uint32_t;

class net {
public:
    explicit net(sim::schedule& time) : time_(time) {}

    // ---- the server ----------------------------------------------------------------------------
    std::function<void(connection_id)> accepted;
    std::function<void(connection_id, std::string_view)> received;
    std::function<void(connection_id)> lost;
    void send(connection_id, std::string bytes);
    /// The server closes, after what it has sent.
    void hang_up(connection_id);

    // ---- transports ----------------------------------------------------------------------------
    void open(const std::shared_ptr<virtual_transport>&);
    void write(connection_id, std::string_view bytes);
    void close(connection_id);
    /// Bytes on their way to the server.
    std::size_t pending(connection_id) const;

    // ---- links ---------------------------------------------------------------------------------
    void watch(virtual_link& l) { links_.push_back(&l); }
    void unwatch(virtual_link& l) { std::erase(links_, &l); }
    bool is_link_up() const { return link_up_; }
    const std::string& link_text() const { return link_text_; }

    // ---- faults --------------------------------------------------------------------------------
    void reset(std::string_view client);
    void finish(std::string_view client);
    void refuse(bool on) { refusing_ = on; }
    void fail_resolving(bool on) { resolving_fails_ = on; }
    void half_open(std::string_view client, chaos::silence how);
    void stall(std::string_view client);
    void heal(std::string_view client);
    void set_link(bool up, std::string_view why);
    void set_path(std::string_view client, const chaos::path& how);
    void release(std::size_t rule) { rules.release(rule); }
    std::size_t open_connections(std::string_view client) const;

    chaos::rule_book rules;

private:
    struct parcel {
        sim::moment due;
        std::string bytes;
        chaos::ending then = chaos::ending::none;
    };
    struct way {
        chaos::framer frames;
        std::deque<parcel> parcels;
        std::size_t pending = 0;
        sim::moment last_due = 0;
        bool drops_rest = false;
    };
    struct connection {
        std::weak_ptr<virtual_transport> transport;
        std::string client;
        way up, down;
        bool server_has_it = false;
        bool has_arrived = false;  // something, at the server
        bool silent = false;
        chaos::silence how = chaos::silence::held;
        bool has_dropped = false;
    };
    way& way_(connection& c, chaos::toward to) { return to == chaos::toward::broker ? c.up : c.down; }
    void try_to_connect(const std::weak_ptr<virtual_transport>&);
    void take(connection_id, chaos::toward, std::string_view bytes);
    void handle(connection_id, connection&, chaos::toward, const chaos::frame&);
    void put(connection_id, chaos::toward, std::string bytes, chaos::ending then = chaos::ending::none);
    void carry(connection_id, chaos::toward);
    void arrive(connection_id, chaos::toward, const parcel&);
    void end(connection_id, chaos::ending);
    void heal(connection_id, connection&);
    void carry_all();
    std::vector<connection_id> of(std::string_view client) const;
    connection* find(connection_id id) {
        const auto at = connections_.find(id);
        return at == connections_.end() ? nullptr : &at->second;
    }

    sim::schedule& time_;
    std::map<connection_id, connection> connections_;
    connection_id last_id_ = 0;
    std::vector<virtual_link*> links_;
    bool link_up_ = true;
    std::string link_text_ = "eth0";
    bool refusing_ = false;
    bool resolving_fails_ = false;
};

/// One connection as a client of the library sees it.
class virtual_transport final : public detail::transport, public std::enable_shared_from_this<virtual_transport> {
public:
    virtual_transport(net& n, boost::asio::any_io_executor executor, epoch e, std::string server,
                      std::shared_ptr<detail::transport_events> owner)
        : net_(n), executor_(std::move(executor)), epoch_(e), server_(std::move(server)), owner_(std::move(owner)) {}

    void open() override { net_.open(shared_from_this()); }
    void close() noexcept override;
    detail::io_result read(std::span<std::uint8_t> into) noexcept override;
    detail::io_result write(std::span<const bytes> from) noexcept override;
    void wait_readable() override;
    void wait_writable() override;
    std::size_t unacknowledged() noexcept override { return net_.pending(id_); }
    std::string address() const override { return server_; }

    // ---- the network tells ---------------------------------------------------------------------
    bool is_waiting_for_connection() const { return owner_ && id_ == 0; }
    void stage_is(stage s);
    void opened(connection_id id);
    void failed(errc error, int number);
    void arrived(std::string_view bytes);
    /// 0: in good order.
    void ended(int error);
    void has_room();

private:
    template <class Tell>
    void tell(Tell what);

    net& net_;
    boost::asio::any_io_executor executor_;
    epoch epoch_;
    std::string server_;
    std::shared_ptr<detail::transport_events> owner_;  // empty once closed
    connection_id id_ = 0;
    std::string inbox_;
    std::optional<int> end_;
    bool wants_bytes_ = false;
    bool wants_room_ = false;
};

/// What a client is told of the network interface.
class virtual_link final : public detail::link {
public:
    virtual_link(net& n, boost::asio::any_io_executor executor, std::weak_ptr<detail::link_events> listener)
        : net_(n), executor_(std::move(executor)), listener_(std::move(listener)) {
        net_.watch(*this);
    }
    ~virtual_link() override { net_.unwatch(*this); }
    virtual_link(const virtual_link&) = delete;
    virtual_link& operator=(const virtual_link&) = delete;

    void ask(detail::link_question q) override {
        question_ = q.number;
        tell();
    }
    void tell();

private:
    net& net_;
    boost::asio::any_io_executor executor_;
    std::weak_ptr<detail::link_events> listener_;
    std::uint32_t question_ = 0;
};

}  // namespace mqtt_as::testing
