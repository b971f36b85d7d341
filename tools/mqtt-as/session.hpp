// One run of a program: a client, the event loop, and everything that can end it.
//
// Theory of operation. `run` connects and starts the work, a coroutine. The first call of `end` decides how the run
// ends: the work is done, the broker refuses us, a deadline passes, a signal comes, nobody reads the output any more.
// Then the work is cancelled at what it awaits and the client disconnects in good order; `run` returns when both are
// done. A second signal ends the program at once.
#pragma once

#include "mqtt_as/asio/async.hpp"
#include "tools/mqtt-as/connection_options.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_as::cli {

enum class ending : std::uint8_t {
    done,         ///< the work has returned
    failed,       ///< the work has thrown: a file
    refused,      ///< by the broker, and trying again does not help
    timed_out,    ///< --deadline or `limit`
    interrupted,  ///< by `signal()`
    unread,       ///< nobody reads our output any more
};

class session {
public:
    /// Throws usage_error when the configuration is wrong.
    explicit session(connection);

    boost::asio::io_context& context() { return context_; }
    MQTTClient& client() { return client_; }
    const MQTTClient& client() const { return client_; }
    const connection& options() const { return options_; }

    /// Called when the broker has accepted us for the first time.
    std::function<void()> on_first_connection;
    /// Called at each connection and at each loss of one.
    std::function<void(bool up)> on_connection;
    /// When set, the first signal calls it instead of ending the run.
    std::function<void()> on_interrupt;

    ending run(task<> work);
    /// Ends the run; only the first call counts.
    void end(ending how);
    /// Ends the run as timed out after this time, instead of what was said before.
    void limit(std::chrono::milliseconds);
    int signal() const { return signal_; }

    /// One line on standard error, unless --quiet.
    void say(std::string_view line) const;

private:
    /// Tells whenever something about the connection has changed.
    class watched_client final : public MQTTClient {
    public:
        watched_client(session& owner, boost::asio::io_context& context, const mqtt_as::config& config);
        void dprint(std::string_view line) override;

    private:
        session& owner_;
    };

    mqtt_as::config configured();
    void wait_for_signal();
    void start_timer(boost::asio::steady_timer&, std::chrono::milliseconds);
    void connection_changed();
    bool may_expect_tls(const disconnected&) const;
    void connection_up();
    void work_ended(std::exception_ptr);
    void stop_when_all_ended();

    connection options_;
    boost::asio::io_context context_{1};
    boost::asio::signal_set signals_;
    boost::asio::steady_timer deadline_;
    boost::asio::steady_timer limit_;
    boost::asio::cancellation_signal cancel_work_;
    watched_client client_;
    std::chrono::steady_clock::time_point down_since_ = std::chrono::steady_clock::now();
    std::string told_;  ///< why there is no connection; empty while nothing was said
    bool was_connected_ = false;
    std::optional<ending> how_;
    int signal_ = 0;
    bool work_ended_ = false;
    bool disconnected_ = false;
};

/// A place to wait until somebody on the same event loop says that something has changed.
class change {
public:
    explicit change(boost::asio::io_context& context) : timer_(context, boost::asio::steady_timer::time_point::max()) {}
    void notify() { timer_.cancel(); }
    task<> wait();

private:
    boost::asio::steady_timer timer_;
};

}  // namespace mqtt_as::cli
