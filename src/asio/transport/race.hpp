// Connects to the first of several addresses that answers (RFC 8305): a new one joins the race every 250 ms, or at
// once when one has failed.
//
// In a hurry, when the network has just come back, what was sent may be lost while the network settles, and the kernel
// would repeat it only after a second: each address is tried again after 100 ms. It is also tried again when it is
// unreachable: the kernel may have looked for its neighbour before the network was back; then it looks anew.
#pragma once

#include "src/link/io_executor.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace mqtt_as::detail {

class race : public std::enable_shared_from_this<race> {
public:
    static constexpr std::chrono::milliseconds stagger{250};
    static constexpr std::chrono::milliseconds repeat_after{100};

    class listener {
    public:
        virtual void on_trying(const stream_endpoint&) = 0;
        virtual void on_won(stream_socket, const stream_endpoint&) = 0;
        virtual void on_lost(int error) = 0;  ///< the errno of the first that failed

    protected:
        ~listener() = default;
    };

    race(executor_handle executor, std::vector<stream_endpoint> endpoints, std::weak_ptr<listener>,
         bool in_a_hurry = false);

    /// Begins. The listener is told once of the end, not from inside this call, if it is still there.
    void start();
    /// Ends it; the listener is not told.
    void cancel() noexcept;

private:
    struct runner {
        race& of;
        const stream_endpoint& to;
        stream_socket socket;

        void on_writable(boost::system::error_code);
    };

    void next();
    void on_timer(boost::system::error_code);
    void start(runner&);
    void arrived(runner&, int error);
    void fail_one(runner&, int error);

    const executor_handle executor_;
    const std::vector<stream_endpoint> endpoints_;
    std::vector<runner> runners_;          // which stay where they are: handlers point to them
    std::unique_ptr<steady_timer> timer_;  // where there are several
    const std::weak_ptr<listener> listener_;
    std::size_t running_ = 0;
    const bool in_a_hurry_;
    std::size_t runs_;  // how many runners there will be: in a hurry two for each endpoint, and one that is retried
    const stream_endpoint* retried_ = nullptr;
    int first_error_ = 0;
    bool over_ = false;
};

}  // namespace mqtt_as::detail
