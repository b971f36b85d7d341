// A private Mosquitto: a folder of its own, a Unix socket instead of a port, and settings with which it keeps its word.
#pragma once

#include "tests/support/child_process.hpp"
#include "tests/support/temp_folder.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as::test {

class broker_process {
public:
    /// Whether Mosquitto is installed at all.
    static bool is_installed();

    /// Starts the broker and waits until it accepts connections. `settings` are more lines for its configuration.
    /// Throws std::runtime_error when Mosquitto is absent or does not come up, with its log.
    explicit broker_process(std::string_view settings = {});

    /// The Unix socket it listens on: always the same one, whether the broker runs or not.
    const std::filesystem::path& socket() const { return socket_; }

    /// SIGKILL: it gets no chance to save or to say goodbye.
    void kill();
    /// SIGTERM: it says goodbye to MQTT 5 clients, saves and ends.
    void terminate();
    /// Starts it again after `kill` or `terminate`, with what it had saved.
    void start();
    /// Removes what it had saved: the next `start` is one of a broker that knows no session.
    void forget();
    /// SIGSTOP and SIGCONT: connections stay open, nobody answers.
    void pause();
    void resume();

    /// Has it save (SIGUSR1) until the saved state holds `text`, for example the filter of a subscription; false when
    /// that does not come true. Mosquitto saves after it has acknowledged, so a test that kills it must first see to it
    /// that what is meant to survive is saved. It never saves an MQTT 5 session that began with Clean Start.
    bool save(std::string_view text);

    /// Everything that Mosquitto has written.
    std::string log() const;

private:
    temp_folder folder_;
    std::filesystem::path socket_;
    std::optional<child_process> process_;
};

/// A `mosquitto_sub` connected to the broker directly: an independent witness of what the broker delivers.
class witness {
public:
    /// Subscribes `filter` at `qos` and returns when the subscription is acknowledged.
    witness(const broker_process& broker, std::string_view filter, int qos);

    /// What it has received so far, one `topic payload` each.
    std::vector<std::string> lines() const;

private:
    temp_folder folder_;
    std::optional<child_process> process_;
};

}  // namespace mqtt_as::test
