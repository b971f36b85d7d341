// A client that connects once, looks and leaves.
#pragma once

#include "mqtt_as/asio/async.hpp"
#include "tools/mqtt-as/connection_options.hpp"
#include "tools/mqtt-as/wait.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

namespace mqtt_as::cli {

class visitor {
public:
    /// `from`: whether debug lines are told, and as whose. Throws std::invalid_argument when the configuration is
    /// wrong.
    visitor(const boost::asio::any_io_executor& executor, mqtt_as::config config, const cli::connection& from);
    ~visitor() { client_.close(); }
    visitor(const visitor&) = delete;
    visitor& operator=(const visitor&) = delete;

    MQTTClient& client() { return client_; }

    /// One attempt at a connection.
    struct attempt {
        std::error_code error{};
        connect_result result{};
        span took{};
        /// Where it failed, and why in words: "TLS", "the server's certificate expired on...".
        std::string at() const;
        std::string why() const;
    };
    /// Timed out when it is not decided by then.
    task<attempt> connect(clock::time_point deadline);
    // The same in parts. `outcome` may be asked again: what is not decided goes on.
    void begin();
    /// Waits until the attempt is past this stage, or decided.
    task<> leave_behind(stage at, clock::time_point deadline) const;
    task<attempt> outcome(clock::time_point deadline) const;
    /// Leaves in good order, within `deadline`.
    task<> leave(clock::time_point deadline);
    /// Begins to connect and goes on for ever: for what is to be seen meanwhile.
    void keep_trying();

private:
    class telling_client final : public MQTTClient {
    public:
        telling_client(const boost::asio::any_io_executor& executor, const mqtt_as::config& config,
                       const cli::connection& from)
            : MQTTClient(executor, config), program_(from.program), tells_(from.debug || from.traces) {}
        void dprint(std::string_view line) override;

    private:
        const std::string program_;
        const bool tells_;
    };

    telling_client client_;
    clock::time_point began_;
    std::shared_ptr<std::optional<attempt>> told_ = std::make_shared<std::optional<attempt>>();
};

}  // namespace mqtt_as::cli
