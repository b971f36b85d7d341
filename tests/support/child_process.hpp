// A program started by a test: its output goes to a file, and it ends no later than its parent.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace mqtt_as::test {

/// The program's path, sought in PATH and in the sbin folders where Debian puts daemons.
std::optional<std::filesystem::path> find_program(std::string_view name);

class child_process {
public:
    /// Starts `argv`; both outputs are appended to the file `output`. The kernel kills the child when the *thread* that
    /// started it ends (PR_SET_PDEATHSIG), so start children from a thread that lives as long as they should.
    child_process(const std::vector<std::string>& argv, const std::filesystem::path& output);
    /// SIGKILL, and waits.
    ~child_process();
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;

    bool is_running();
    /// Sends a signal; nothing when it has ended.
    void signal(int number);
    /// Waits for its end: the exit status, or 128 + signal.
    int wait();
    /// For /proc; its own as long as it has not been waited for.
    pid_t pid() const { return pid_; }

private:
    pid_t pid_;
    std::optional<int> status_;
};

}  // namespace mqtt_as::test
