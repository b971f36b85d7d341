// Connects to the first of several addresses that answers (RFC 8305): a new one joins the race every 250 ms, or at
// once when one has failed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace mqtt_as::detail {

using stream_endpoint = boost::asio::generic::stream_protocol::endpoint;
using stream_socket = boost::asio::generic::stream_protocol::socket;

class race : public std::enable_shared_from_this<race> {
public:
    static constexpr std::chrono::milliseconds stagger{250};

    struct listener {
        std::function<void(const stream_endpoint&)> trying;
        std::function<void(stream_socket, const stream_endpoint&)> won;
        std::function<void(int error)> lost;  ///< the errno of the first that failed
    };

    race(const boost::asio::any_io_executor& executor, std::vector<stream_endpoint> endpoints, listener);

    /// Begins. The listener is told once of the end, not from inside this call.
    void start();
    /// Ends it; the listener is not told.
    void cancel() noexcept;

private:
    void next();
    void start_one(std::size_t runner);
    void arrived(std::size_t runner, int error);
    void fail_one(int error);

    boost::asio::any_io_executor executor_;
    std::vector<stream_endpoint> endpoints_;
    std::vector<stream_socket> runners_;
    boost::asio::steady_timer timer_;
    listener listener_;
    std::size_t running_ = 0;
    int first_error_ = 0;
    bool over_ = false;
};

}  // namespace mqtt_as::detail
