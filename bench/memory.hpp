// What the kernel says about this process's memory, and the files it may open.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <sys/resource.h>

namespace bench {

/// A line of /proc/self/status [KB]: "VmRSS:" is resident now, "VmHWM:" was at most.
inline std::size_t status_kb(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        std::size_t kb = 0;
        if (word == name && status >> kb) return kb;
    }
    return 0;
}

/// As many sockets as the system lets us have.
inline void open_many_files() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace bench
