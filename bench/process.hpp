// Runs the processes of a measurement and reads what they print.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace bench {

/// Keeps this process and all that it starts on one core: a core that is woken from another one costs more than all
/// that is measured.
void stay_on_one_core();
/// Undoes it, for what is started from now on.
void use_all_cores();

/// This program's own file.
std::string own_path();

/// What the command writes. Throws std::runtime_error when it fails.
std::string output_of(const std::string& command);

using figures_by_name = std::map<std::string, double>;

/// A line of names and figures. Throws std::runtime_error when there is none.
figures_by_name run(const std::string& command);

/// CPU seconds of a command and its children, its output thrown away. Throws std::runtime_error when it fails.
double cpu_seconds_of(const std::string& command);

/// A sink in a process of its own.
class sink_process {
public:
    /// On this port; 0: one of the system's choice.
    explicit sink_process(std::uint16_t port = 0);
    /// SIGKILL.
    ~sink_process();
    sink_process(const sink_process&) = delete;
    sink_process& operator=(const sink_process&) = delete;
    std::uint16_t port() const { return port_; }

private:
    std::uint16_t port_;
    pid_t pid_ = -1;
};

}  // namespace bench
