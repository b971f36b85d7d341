// The parts of the front that only those programs link whose configuration asks for them: see linking.hpp. The rest
// of the front knows them by these interfaces alone.
#pragma once

#include "mqtt_as/asio/config.hpp"
#include "src/asio/transport/socket_transport.hpp"
#include "src/asio/transport/transport.hpp"
#include "src/link/io_executor.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mqtt_as::detail {

class core;

/// Makes the connections of a client that are secured by TLS, and has what they share.
class secured_transports {
public:
    virtual ~secured_transports() = default;
    /// As the constructor of socket_transport.
    virtual std::shared_ptr<transport> make(executor_handle, epoch, const socket_target&, address_book&,
                                            std::shared_ptr<transport_events> owner) = 0;
};

struct tls_code {
    void (*check)(const config&);  ///< throws std::invalid_argument
    /// `server`: the name or the address that is connected to.
    std::unique_ptr<secured_transports> (*make)(const ssl_params& params, const std::string& server);
};

/// The Wi-Fi network of a client.
class joined_network {
public:
    virtual ~joined_network() = default;
    /// A connection that is opened when the network is joined.
    virtual std::shared_ptr<transport> make(bool checks_stability, std::shared_ptr<transport> inner, epoch,
                                            std::shared_ptr<transport_events> owner) = 0;
    virtual void poll_signal() = 0;
    virtual std::optional<int> signal() const noexcept = 0;
    virtual void rest() noexcept = 0;
    virtual void leave() = 0;
};

struct wifi_code {
    void (*check)(const config&);  ///< throws std::invalid_argument
    std::shared_ptr<joined_network> (*make)(const boost::asio::any_io_executor&, const config&);
};

/// What becomes of a coroutine that is cancelled and goes on. Asio's own way is that all it awaits throws at once.
/// `once`: what it awaits from then on is awaited as ever: one that catches everything would otherwise spin, and one
/// that has something to say before it ends could not.
enum class when_cancelled : bool { always, once };

/// Runs handlers that are coroutines.
struct coroutine_code {
    /// `main` is called on the executor; without a value there is nothing to run. What it throws is given to `ended`.
    void (*spawn)(const boost::asio::any_io_executor&, when_cancelled, std::function<std::optional<task<>>()> main,
                  boost::asio::cancellation_slot, std::function<void(std::exception_ptr)> ended);
    // Of a client whose handler is one.
    void (core::*start_wifi_coro)(bool up);
    void (core::*start_connect_coro)();
};

}  // namespace mqtt_as::detail
