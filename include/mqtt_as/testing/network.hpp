// The network of a test: what it does to clients, in the words of `mqtt-as chaos`.
#pragma once

#include "mqtt_as/testing/faults.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mqtt_as::testing {

using chaos::action;
using chaos::packet_type;
using chaos::path;
using chaos::rule;
using chaos::silence;
using chaos::toward;

class net;

/// Clients are named by their client identifiers; an empty name means all.
class virtual_network {
public:
    explicit virtual_network(net& n) : net_(n) {}

    // ---- ends of connections --------------------------------------------------------------------------------
    void reset(std::string_view client = {});   ///< RST
    void finish(std::string_view client = {});  ///< FIN
    void refuse();                              ///< nobody listens any more: new connections are refused
    void accept();                              ///< and again
    void fail_resolving(bool fails);            ///< the broker's name has no address

    // ---- silence --------------------------------------------------------------------------------------------
    /// The present connections become silent; new ones work.
    void half_open(std::string_view client = {}, silence how = silence::held);
    /// Nothing passes, of present and of new connections.
    void stall(std::string_view client = {});
    /// Ends every silence: of `half_open` and of `stall`.
    void heal(std::string_view client = {});
    /// The network interface goes away: nothing passes, new connections fail at once, and clients are told (unless
    /// their server is on this machine, as "localhost" is, or their `config::link` is none).
    void take_link_down(std::string_view why = "eth0 has no carrier");
    void bring_link_up();

    // ---- quality --------------------------------------------------------------------------------------------
    void set_path(std::string_view client, const path& how);

    // ---- single packets -------------------------------------------------------------------------------------
    using rule_id = std::size_t;
    rule_id add(const rule& what);
    unsigned applied(rule_id id) const;  ///< how often it was applied
    void remove(rule_id id);             ///< applies no more
    void release(rule_id id);            ///< lets pass what it withheld, where the connection still lives

    // ---- what was seen --------------------------------------------------------------------------------------
    /// Packets of this type that were passed on.
    std::size_t passed(toward to, packet_type type, std::string_view client = {}) const;
    std::size_t open_connections(std::string_view client = {}) const;

private:
    net& net_;
};

}  // namespace mqtt_as::testing
