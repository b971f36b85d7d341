// fork and exec with the parent's death as a signal.
#include "tests/support/child_process.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace mqtt_as::test {

namespace {

int exit_status(int raw) { return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw); }

}  // namespace

std::optional<std::filesystem::path> find_program(std::string_view name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(std::string(path ? path : "") + ":/usr/local/sbin:/usr/sbin:/sbin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        const auto candidate = std::filesystem::path(folder) / name;
        if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return std::nullopt;
}

child_process::child_process(const std::vector<std::string>& argv, const std::filesystem::path& output) {
    std::vector<char*> raw;
    for (const std::string& argument : argv) raw.push_back(const_cast<char*>(argument.c_str()));
    raw.push_back(nullptr);
    const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0) throw std::system_error(errno, std::generic_category(), "open " + output.string());

    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        // Only async-signal-safe calls here: the parent may have threads. A group of its own keeps the terminal's
        // ctrl-C for the parent, which then decides when the child ends.
        ::setpgid(0, 0);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(out, STDERR_FILENO);
        // A socket of ours that the child kept would be neither closed nor free when we close it.
        ::close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
        ::execv(raw[0], raw.data());
        ::_exit(127);
    }
    const int error = errno;
    ::close(out);
    if (pid_ < 0) throw std::system_error(error, std::generic_category(), "fork");
}

child_process::~child_process() {
    if (!is_running()) return;
    signal(SIGKILL);
    wait();
}

bool child_process::is_running() {
    int raw = 0;
    if (!status_ && ::waitpid(pid_, &raw, WNOHANG) == pid_) status_ = exit_status(raw);
    return !status_;
}

void child_process::signal(int number) {
    if (is_running()) ::kill(pid_, number);
}

int child_process::wait() {
    int raw = 0;
    while (!status_) {
        if (::waitpid(pid_, &raw, 0) == pid_)
            status_ = exit_status(raw);
        else if (errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "waitpid");
    }
    return *status_;
}

}  // namespace mqtt_as::test
