// Connects to the first of several addresses that answers (RFC 8305): a new one joins the race every 250 ms, or at
// once when one has failed.
//
// In a hurry, when the network has just come back, what was sent may be lost while the network settles, and the kernel
// would repeat it only after a second: each address is tried again after 100 ms. It is also tried again when it is
// unreachable: the kernel may have looked for its neighbour before the network was back; then it looks anew.
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
    static constexpr std::chrono::milliseconds repeat_after{100};

    struct listener {
        std::function<void(const stream_endpoint&)> trying;
        std::function<void(stream_socket, const stream_endpoint&)> won;
        std::function<void(int error)> lost;  ///< the errno of the first that failed
    };

    race(const boost::asio::any_io_executor& executor, std::vector<stream_endpoint> endpoints, listener,
         bool in_a_hurry = false);

    /// Begins. The listener is told once of the end, not from inside this call.
    void start();
    /// Ends it; the listener is not told.
    void cancel() noexcept;

private:
    void next();
    void start_one(std::size_t runner);
    void arrived(std::size_t runner, int error);
    void fail_one(std::size_t runner, int error);

    boost::asio::any_io_executor executor_;
    std::vector<stream_endpoint> endpoints_;  // in a hurry: each one twice
    std::vector<stream_socket> runners_;
    boost::asio::steady_timer timer_;
    listener listener_;
    std::size_t running_ = 0;
    const bool in_a_hurry_;
    bool retried_ = false;
    int first_error_ = 0;
    bool over_ = false;
};

}  // namespace mqtt_as::detail
