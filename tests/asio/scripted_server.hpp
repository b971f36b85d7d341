// A server that does exactly what a test tells it: one script per connection, on a thread of its own, with a parser
// of its own. It stands for any broker, good or bad.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace mqtt_as::front_test {

/// One packet as it was on the wire.
struct frame {
    std::uint8_t first = 0;
    std::string body;

    int type() const { return first >> 4; }
    int qos() const { return (first >> 1) & 3; }
    bool dup() const { return (first & 8) != 0; }
    bool retain() const { return (first & 1) != 0; }
    /// Of a PUBLISH.
    std::string topic() const;
    std::uint16_t packet_id() const;  ///< of a PUBLISH with qos, or of any packet that begins with one
    std::string payload(bool v5 = false) const;
};

enum packet : int {
    CONNECT = 1,
    PUBLISH = 3,
    PUBACK = 4,
    PUBREL = 6,
    SUBSCRIBE = 8,
    UNSUBSCRIBE = 10,
    PINGREQ = 12,
    DISCONNECT = 14
};

/// The server's end of one connection. What fails, fails by an exception that ends the script.
class peer {
public:
    explicit peer(int socket);
    ~peer();
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;

    /// The next packet; nothing when the client has closed.
    std::optional<frame> read();
    /// The next packet, which must be of this type.
    frame expect(int type);
    void send(std::string_view bytes);
    /// Reads CONNECT and accepts it.
    frame accept(bool session_present = false);
    /// Answers everything as a good broker would, until the client leaves or `until`, which sees each packet before
    /// its answer goes out, says so.
    void serve(const std::function<bool(const frame&)>& until = {});
    void answer(const frame&);
    /// A PUBLISH to the client.
    void publish(std::string_view topic, std::string_view payload, int qos = 0, std::uint16_t packet_id = 0,
                 bool retain = false);
    /// RST instead of FIN.
    void reset();
    bool v5() const { return v5_; }

    /// Moves bytes: as ::recv and ::send do. TLS puts itself here.
    std::function<ssize_t(char* into, std::size_t size)> receive;
    std::function<ssize_t(const char* from, std::size_t size)> transmit;
    int socket() const { return socket_; }

private:
    bool read_exactly(char* into, std::size_t size);

    int socket_;
    bool v5_ = false;
};

class scripted_server {
public:
    using script = std::function<void(peer&)>;

    /// Listens on a free port of `address` ("127.0.0.1", "::1"), or on a Unix socket when it begins with '/'.
    /// Connection n gets script n, all later ones the last script.
    explicit scripted_server(std::vector<script> scripts, const std::string& address = "127.0.0.1");
    ~scripted_server();

    std::uint16_t port() const { return port_; }
    int connections() const { return connections_; }
    /// What ended scripts, for messages of failing tests. Cut connections of clients that were closed do not count.
    std::string complaint() const;
    /// Stops accepting: new connections are refused.
    void refuse();

private:
    void run(std::vector<script> scripts);

    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::string path_;
    std::atomic<int> connections_{0};
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::string complaint_;
    std::vector<int> open_;
    std::thread thread_;
};

/// Where nobody listens any more.
std::uint16_t port_of_nobody();

/// A script that is a good broker from beginning to end.
void good_broker(peer&);
/// Two that are no broker: one says HTTP at once, one listens and never answers.
void http_server(peer&);
void mute_server(peer&);

/// Packets of the server, as bytes.
namespace wire_bytes {
inline const std::string connack{"\x20\x02\x00\x00", 4};
inline const std::string connack_v5{"\x20\x03\x00\x00\x00", 5};
inline std::string ack(std::uint8_t first, std::uint16_t id) {
    return {static_cast<char>(first), 2, static_cast<char>(id >> 8), static_cast<char>(id)};
}
}  // namespace wire_bytes

}  // namespace mqtt_as::front_test
