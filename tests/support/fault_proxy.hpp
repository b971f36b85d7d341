// A bad network on demand: stands between clients on TCP and a broker on a Unix socket, and does to them what
// networks do.
//
// Theory of operation. One thread runs everything. Each client has a connection of its own to the broker. Bytes are
// cut into MQTT packets (mqtt_frames.hpp), each packet is matched against the rules, and what remains of it is queued
// and written when its time has come. A silent connection is one whose queues are not written and whose sockets are
// not read: nothing passes, nothing closes. Its receive buffer is taken away, so that the kernel drops what still comes
// instead of acknowledging it, and senders see what they would see on a dead path. Clients are named by the client
// identifier in their CONNECT; an empty name means all.
#pragma once

#include "tests/support/mqtt_frames.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace mqtt_as::test {

/// What the connections carry. Of `anything` (TLS) the proxy knows neither packets nor clients: what comes at a time is
/// a packet of the type `continuation`, and clients have empty names.
enum class content : std::uint8_t { mqtt, anything };

enum class toward : std::uint8_t { broker, client };

/// What becomes of bytes that arrive on a silent connection.
enum class silence : std::uint8_t {
    held,     ///< they pass when healed, when TCP repeats them: as late as in a real network
    dropped,  ///< they are swallowed; when healed, the connection is reset (a middlebox that forgot it)
};

enum class action : std::uint8_t {
    drop,        ///< the packet vanishes
    withhold,    ///< it waits for `release`
    late,        ///< it passes after `rule::by`, others overtake it
    duplicate,   ///< it passes twice
    swallow,     ///< a qos 1 PUBLISH vanishes and the proxy itself answers its PUBACK
    refuse,      ///< the last byte of a SUBACK becomes 0x80
    cut_finish,  ///< half of it passes, then FIN
    cut_reset,   ///< half of it passes, then RST
};

/// Which packets, and what becomes of them. The first rule that matches and is not used up decides.
struct rule {
    std::string client{};  ///< empty: any
    toward to = toward::broker;
    packet_type type = packet_type::publish;
    action what = action::drop;
    std::string topic{};              ///< of PUBLISH; empty: any
    unsigned skip = 0;                ///< matching packets that pass first
    unsigned times = 1;               ///< matching packets it applies to
    std::chrono::milliseconds by{0};  ///< for `late`
};

/// The state of the path of a client, for its present and its future connections.
struct path {
    std::chrono::milliseconds delay{0};  ///< each way
    std::size_t bytes_per_second = 0;    ///< each way; 0: unlimited
    bool mute = false;                   ///< connections are accepted, and silent
};

class fault_proxy {
public:
    /// Listens on a free port of 127.0.0.1 and connects each client to the broker's Unix socket.
    explicit fault_proxy(const std::filesystem::path& broker, content what = content::mqtt);
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
    /// Ends every silence: of `half_open` and of `path::mute`.
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

}  // namespace mqtt_as::test
