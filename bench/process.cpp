// Starts programs and sinks, and waits for them.
#include "bench/process.hpp"

#include "bench/roles.hpp"
#include "bench/sockets.hpp"

#include <array>
#include <csignal>
#include <sched.h>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

namespace bench {
namespace {

cpu_set_t all_cores() {
    static const cpu_set_t all = [] {
        cpu_set_t set;
        CPU_ZERO(&set);
        ::sched_getaffinity(0, sizeof set, &set);
        return set;
    }();
    return all;
}

}  // namespace

void stay_on_one_core() {
    const cpu_set_t all = all_cores();
    int last = CPU_SETSIZE - 1;
    while (last > 0 && !CPU_ISSET(last, &all)) --last;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    ::sched_setaffinity(0, sizeof one, &one);
}

void use_all_cores() {
    const cpu_set_t all = all_cores();
    ::sched_setaffinity(0, sizeof all, &all);
}

std::string own_path() {
    std::array<char, 4096> path{};
    const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
    if (size <= 0) throw std::runtime_error("cannot find this program's own path");
    return {path.data(), static_cast<std::size_t>(size)};
}

std::string output_of(const std::string& command) {
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot run: " + command);
    std::string output;
    std::array<char, 4096> part{};
    while (const std::size_t got = std::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), got);
    if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command + '\n' + output);
    return output;
}

figures_by_name run(const std::string& command) {
    std::istringstream said(output_of(command));
    figures_by_name figures;
    std::string name;
    for (double value = 0; said >> name >> value;) figures[name] = value;
    if (figures.empty()) throw std::runtime_error("no figures from: " + command);
    return figures;
}

double cpu_seconds_of(const std::string& command) {
    const auto used = [] {
        rusage children{};
        ::getrusage(RUSAGE_CHILDREN, &children);
        const auto seconds = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
        };
        return seconds(children.ru_utime) + seconds(children.ru_stime);
    };
    const double before = used();
    output_of(command + " 2>&1");
    return used() - before;
}

sink_process::sink_process(std::uint16_t port) : port_(port) {
    const int listener = listen_on_loopback(port_);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("cannot start the sink");
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) std::_Exit(1);
        serve(listener);
    }
    ::close(listener);
}

sink_process::~sink_process() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

}  // namespace bench
