// Brokers that nobody here wrote, each in a folder of its own, on port 1883 of the network namespace that the test is
// in, and in a process namespace, so that nothing of it outlives a kill.
#pragma once

#include "tests/support/child_process.hpp"
#include "tests/support/temp_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_as::interop {

class foreign_broker {
public:
    /// "mosquitto", "ejabberd", "rabbitmq" or "aedes".
    static std::unique_ptr<foreign_broker> make(const std::string& name);
    virtual ~foreign_broker() = default;
    foreign_broker(const foreign_broker&) = delete;
    foreign_broker& operator=(const foreign_broker&) = delete;

    /// Empty, or which package is missing.
    virtual std::string why_not() const = 0;
    /// The highest qos that it grants.
    virtual int qos_max() const { return 2; }
    /// At which qos a message arrives.
    virtual int delivered_qos(int published, int granted) const { return std::min(published, granted); }
    /// "USER PASSWORD" of everyone, where it wants to know.
    virtual std::vector<std::string> credentials() const { return {}; }
    /// After a kill it can be relied on to have what it had said it keeps once this has returned.
    virtual void save() {}

    /// Waits until it accepts connections. Throws std::runtime_error with what it has written.
    void start();
    /// SIGKILL to all of it.
    void kill();
    std::string log() const;

protected:
    foreign_broker() = default;
    virtual std::vector<std::string> command() const = 0;
    const std::filesystem::path& folder() const { return folder_.path(); }
    void write(const std::string& name, const std::string& text) const;
    bool is_saved(const std::string& file, const std::string& text) const;
    void signal(int number) { process_->signal(number); }

private:
    test::temp_folder folder_;
    std::optional<test::child_process> process_;
};

/// Everything that is needed of Node: empty, or what is missing.
std::string why_no_node_package(const std::string& name);
/// `node SCRIPT ARGUMENT...`, with a script of this folder.
std::vector<std::string> node(const std::string& script, const std::vector<std::string>& arguments = {});

bool accepts_connections();

}  // namespace mqtt_as::interop
