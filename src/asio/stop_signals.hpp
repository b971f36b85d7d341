// SIGINT and SIGTERM, told inside an event loop. Asio's signal_set does so for any signals, and is 6 KB of a program.
#pragma once

#include "src/link/io_executor.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>

namespace mqtt_as::detail {

/// Tells its event loop, which must not run any more when this ends, of each SIGINT and SIGTERM. There may be several
/// of them, in any threads: all are told. When the last one has gone, the signals mean again what they meant before the
/// first one came.
class stop_signals {
public:
    /// `told` is called with the number of the signal. Throws where there are no more descriptors.
    stop_signals(const boost::asio::any_io_executor&, std::function<void(int number)> told);
    ~stop_signals();
    stop_signals(const stop_signals&) = delete;
    stop_signals& operator=(const stop_signals&) = delete;

    void listen();

private:
    class bell;
    struct give_back {
        void operator()(bell*) const noexcept;
    };
    void on_readable(boost::system::error_code);

    const boost::asio::any_io_executor executor_;
    const std::function<void(int)> told_;
    const std::unique_ptr<bell, give_back> bell_;
    stream_socket socket_;  // a descriptor of the bell
};

}  // namespace mqtt_as::detail
