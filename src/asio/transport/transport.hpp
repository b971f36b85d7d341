// What the pump needs of a connection, whatever it is made of: TCP and Unix sockets, TLS over them, WebSocket later.
#pragma once

#include "mqtt_as/engine.hpp"
#include "mqtt_as/types.hpp"

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace mqtt_as::detail {

/// What a transport tells, always from the client's executor. Every call names the connection it is about.
class transport_events {
public:
    virtual void on_stage(epoch, stage) = 0;
    virtual void on_opened(epoch) = 0;
    /// Opening failed; the transport is closed. `error`: errno, or getaddrinfo's with resolve_failed.
    virtual void on_failed(epoch, errc, int error) = 0;
    virtual void on_readable(epoch) = 0;
    virtual void on_writable(epoch) = 0;

protected:
    ~transport_events() = default;
};

/// How far a read or a write came. None of them ever blocks.
struct io_result {
    std::size_t size = 0;
    enum class state : std::uint8_t {
        done,         ///< `size` bytes were moved, and more may be possible
        would_block,  ///< `size` bytes were moved; wait before trying again
        closed,       ///< the peer closed in good order
        failed,       ///< `error` says how
    } now = state::done;
    int error = 0;  ///< errno
};

/// What else is known about the end of a connection.
struct failure {
    errc error = errc::ok;  ///< of the part that knows it; ok: nothing else is known
    std::string text{};     ///< for people, instead of what the number says
    bool can_retry_help = true;
};

/// Between which addresses of the network a connection runs.
struct connection_ends {
    boost::asio::ip::address own;
    boost::asio::ip::address server;
};

/// One connection or one attempt at one. After `close()` it tells nothing any more.
class transport {
public:
    virtual ~transport() = default;

    virtual void open() = 0;
    virtual void close() noexcept = 0;
    virtual io_result read(std::span<std::uint8_t> into) noexcept = 0;
    virtual io_result write(std::span<const bytes> from) noexcept = 0;
    /// One `on_readable`, one `on_writable` each.
    virtual void wait_readable() = 0;
    virtual void wait_writable() = 0;
    /// Bytes written that the peer's side has not acknowledged yet.
    virtual std::size_t unacknowledged() noexcept = 0;
    /// The peer's address in use, or tried last, for people to read.
    virtual std::string address() const = 0;
    /// After the end.
    virtual failure why() const { return {}; }
    /// How the connection is secured, for people to read: "TLSv1.3, TLS_AES_256_GCM_SHA384, resumed".
    virtual std::string security() const { return {}; }
    /// While open; empty where no network is used.
    virtual std::optional<connection_ends> ends() const { return std::nullopt; }
};

}  // namespace mqtt_as::detail
