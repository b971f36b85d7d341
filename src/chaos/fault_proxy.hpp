// A bad network on demand: stands between clients on TCP and their broker, and does to them what networks do.
//
// Theory of operation. One thread runs everything. Each client has a connection of its own to the broker. Bytes are
// cut into MQTT packets (frames.hpp), each packet is matched against the rules, and what remains of it is queued
// and written when its time has come. A silent connection is one whose queues are not written and whose sockets are
// not read: nothing passes, nothing closes. Its receive buffer is taken away, so that the kernel drops what still comes
// instead of acknowledging it, and senders see what they would see on a dead path. Clients are named by the client
// identifier in their CONNECT; an empty name means all.
#pragma once

#include "mqtt_as/testing/faults.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace mqtt_as::chaos {

/// What the connections carry. Of `anything` (TLS) the proxy knows neither packets nor clients: what comes at a time is
/// a packet of the type `continuation`, and clients have empty names.
enum class content : std::uint8_t { mqtt, anything };

/// Where the broker listens.
struct broker_address {
    std::string host{};
    std::uint16_t port = 0;
    std::filesystem::path unix_socket{};  ///< instead of both
};

/// Where clients find us; port 0: a free one.
struct listening_address {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
};

class fault_proxy {
public:
    /// Connects each client to the broker. Throws std::system_error when it cannot listen there or when the broker's
    /// name has no address; whether somebody listens there is seen by each client.
    fault_proxy(const broker_address& broker, const listening_address& own, content what = content::mqtt);
    /// The same on a free port of 127.0.0.1, before a broker on a Unix socket.
    explicit fault_proxy(const std::filesystem::path& broker, content what = content::mqtt)
        : fault_proxy({.unix_socket = broker}, {}, what) {}
    ~fault_proxy();
    fault_proxy(const fault_proxy&) = delete;
    fault_proxy& operator=(const fault_proxy&) = delete;

    std::uint16_t port() const;

    // ---- ends of connections ------------------------------------------------------------------
    void reset(std::string_view client = {});   ///< RST to the client, the broker sees the end
    void finish(std::string_view client = {});  ///< FIN to the client, the broker sees the end
    void refuse();                              ///< nobody listens any more: new connections are refused
    void accept();                              ///< listens again on the same port

    // ---- silence ------------------------------------------------------------------------------
    /// The present connections become silent; new ones work. `silence::held` and `dropped` differ at the end.
    void half_open(std::string_view client = {}, silence how = silence::held);
    /// The same, of new connections, too.
    void stall(std::string_view client = {}, silence how = silence::held);
    /// Ends every silence: of `half_open`, of `stall` and of `path::mute`.
    void heal(std::string_view client = {});

    // ---- quality ------------------------------------------------------------------------------
    void set_path(std::string_view client, const path& how);

    // ---- single packets -----------------------------------------------------------------------
    using rule_id = std::size_t;
    rule_id add(const rule& what);
    unsigned applied(rule_id id) const;  ///< how often it was applied
    void remove(rule_id id);             ///< applies no more
    void release(rule_id id);            ///< lets pass what it withheld, where the connection still lives
    /// Slips bytes between two packets on the way to the client.
    void inject(std::string_view client, std::string_view bytes);

    // ---- what was seen ------------------------------------------------------------------------
    /// Packets of this type that were passed on. An empty client counts all.
    std::size_t passed(toward to, packet_type type, std::string_view client = {}) const;
    /// Connections accepted so far, told apart by their CONNECT.
    std::size_t connections(std::string_view client = {}) const;
    /// Silent connections from which both ends have not been released yet count as open, too.
    std::size_t open_connections(std::string_view client = {}) const;

private:
    struct machine;
    std::unique_ptr<machine> machine_;
};

}  // namespace mqtt_as::chaos
