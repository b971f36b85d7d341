// The client whose health is asked about: the library itself, connected once. What it says goes above what the doctor's
// own probes saw.
#pragma once

#include "mqtt_as/asio/async.hpp"
#include "tools/mqtt-as/doctor/wait.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <optional>
#include <string>
#include <system_error>

namespace mqtt_as::cli::doctor {

class patient {
public:
    /// `on_message` is told each received payload. Throws std::invalid_argument when the configuration is wrong.
    patient(const boost::asio::any_io_executor& executor, mqtt_as::config config, bool debug);
    ~patient() { client_.close(); }
    patient(const patient&) = delete;
    patient& operator=(const patient&) = delete;

    MQTTClient& client() { return client_; }

    /// One attempt at a connection.
    struct connection {
        std::error_code error{};
        connect_result result{};
        span took{};
        /// Where it failed, and why in words: "TLS", "the server's certificate expired on...".
        std::string at() const;
        std::string why() const;
    };
    /// Timed out when it is not decided by then.
    task<connection> connect(clock::time_point deadline);
    /// Leaves in good order, within `deadline`.
    task<> leave(clock::time_point deadline);
    /// Begins to connect and goes on for ever: for what is to be seen meanwhile.
    void keep_trying();

private:
    class telling_client final : public MQTTClient {
    public:
        telling_client(const boost::asio::any_io_executor& executor, mqtt_as::config config, bool debug)
            : MQTTClient(executor, std::move(config)), debug_(debug) {}
        void dprint(std::string_view line) override;

    private:
        bool debug_;
    };

    telling_client client_;
};

}  // namespace mqtt_as::cli::doctor
