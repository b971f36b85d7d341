// A connection over TCP (IPv4, IPv6) or a Unix socket: resolves, races, then moves bytes.
//
// Theory of operation. `open` resolves the name (numeric addresses and paths need none), races the addresses, keeps
// the winner. A look-up that fails, or that is slow while an earlier connection's address is known, is replaced by
// the addresses of before; a late answer stays in the address book for the next attempt. Reads and writes are direct
// system calls on a non-blocking socket: Asio is asked only to wait. Each callback holds a shared_ptr to the
// transport; the transport knows its epoch; after `close` nothing is told.
#pragma once

#include "src/asio/transport/race.hpp"
#include "src/asio/transport/resolver.hpp"
#include "src/asio/transport/transport.hpp"
#include "src/link/io_executor.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_as::detail {

/// Where to connect to. The strings are borrowed.
struct socket_target {
    std::string_view host;  ///< a name or a numeric address
    std::uint16_t port = 0;
    std::string_view unix_socket;               ///< a path, instead of both
    std::chrono::milliseconds patience{5'000};  ///< with a look-up, while addresses of before are known
};

class socket_transport final : public transport,
                               public race::listener,
                               public std::enable_shared_from_this<socket_transport> {
public:
    /// `owner` keeps the transport's listener, `target` and `book` alive.
    socket_transport(executor_handle executor, epoch e, const socket_target& target, address_book& book,
                     std::shared_ptr<transport_events> owner);

    void open() override;
    void close() noexcept override;
    io_result read(std::span<std::uint8_t> into) noexcept override;
    io_result write(std::span<const bytes> from) noexcept override;
    void wait_readable() override;
    void wait_writable() override;
    std::size_t unacknowledged() noexcept override;
    std::string address() const override { return address_; }
    std::optional<connection_ends> ends() const override;

private:
    void resolve(const std::string& name);
    void begin_lookup(const std::string& name);
    void on_answer();
    void on_patience_over(boost::system::error_code);
    void on_readable(boost::system::error_code);
    void on_writable(boost::system::error_code);
    bool run_old_addresses();
    void run(const addresses& found);
    void run(std::vector<stream_endpoint> endpoints);
    void on_trying(const stream_endpoint&) override;
    void on_won(stream_socket, const stream_endpoint&) override;
    void on_lost(int error) override;
    void fail(errc error, int number);

    const executor_handle executor_;
    epoch epoch_;
    const socket_target& target_;
    address_book& book_;
    std::shared_ptr<transport_events> owner_;  // empty once closed
    std::shared_ptr<race> race_;
    std::unique_ptr<steady_timer> patience_;
    std::optional<stream_socket> socket_;
    std::string address_;
    bool owes_answer_ = false;  // bytes were read, and none written since
};

}  // namespace mqtt_as::detail
