// Names to addresses without ever blocking the event loop, or its end.
//
// Asio's own resolver cannot do that: all look-ups of a context share one thread, a running one cannot be cancelled,
// and destroying the context waits for it. Here each look-up is a detached thread that shares with the client nothing
// but a `lookup`: who loses interest detaches itself from it, and the thread ends when the system's resolver does.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_as::detail {

using addresses = std::vector<boost::asio::ip::address>;

class lookup {
public:
    /// Begins. `listener` is called once, from another thread, when the answer is there.
    static std::shared_ptr<lookup> begin(std::string name, std::function<void()> listener);

    struct answer {
        int error = 0;    ///< getaddrinfo's
        addresses found;  ///< in the order of preference of the system (RFC 6724)
    };
    /// Empty while the answer is not there.
    std::optional<answer> take_answer();
    /// From now on this listener, or none, is told. False when the answer is there already.
    bool listen(std::function<void()> listener);

private:
    std::mutex mutex_;
    std::optional<answer> answer_;
    std::function<void()> listener_;
};

/// What a client remembers of its server's name from one attempt to the next.
struct address_book {
    std::shared_ptr<lookup> running;                       ///< late for its attempt: its answer serves the next one
    addresses last;                                        ///< the last answer that had any
    std::optional<boost::asio::ip::address> last_good;     ///< where the last connection was made
    std::chrono::steady_clock::time_point network_back{};  ///< when the network was last said to be there again

    /// Nobody listens any more.
    void detach() {
        if (running) running->listen({});
    }
};

/// Families take turns, beginning with that of the first address (RFC 8305, section 4).
addresses interleaved(const addresses& sorted);

}  // namespace mqtt_as::detail
