// What a client asks of the network link below it: whether there is a way to the server, and which one.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_as::detail {

/// What the link is asked about.
struct link_question {
    std::vector<boost::asio::ip::address> servers;  ///< any of them will do; none: not known yet
    std::optional<boost::asio::ip::address> own;    ///< the connection's own address, once there is a connection
    std::uint32_t number = 0;                       ///< a new one for each question
};

/// What is known of the way to the server.
struct link_state {
    bool up = true;                   ///< an interface that runs, an address and a route
    bool keeps_address = true;        ///< the connection's own address is on an interface that runs
    unsigned interface = 0;           ///< of the route, by its index; 0: not known
    boost::asio::ip::address source;  ///< the address that a new connection would have
    std::uint32_t sleeps = 0;         ///< how often the machine was seen to wake up from a suspend
    std::uint32_t question = 0;       ///< its number
    std::string text;                 ///< for people: the interface, or why there is no way: "eth0 has no carrier"

    bool operator==(const link_state&) const = default;
    /// Whether a connection made over `before` may hang now, although both are up.
    bool is_another_way_than(const link_state& before) const {
        return question == before.question &&
               (interface != before.interface || source != before.source || sleeps != before.sleeps);
    }
};

/// Told on the client's executor, of changes only. Until told otherwise the link is up.
class link_events {
public:
    virtual void on_link(const link_state&) = 0;

protected:
    ~link_events() = default;
};

/// Watches from its making to its end.
class link {
public:
    virtual ~link() = default;
    /// Asks anew: what the answer is about has changed.
    virtual void ask(link_question) = 0;
};

}  // namespace mqtt_as::detail
