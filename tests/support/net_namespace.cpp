// unshare and setns; `ip` and `nft` by the shell.
#include "tests/support/net_namespace.hpp"

#include "tests/support/child_process.hpp"
#include "tests/support/temp_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sched.h>
#include <stdexcept>
#include <string_view>
#include <sys/mount.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace mqtt_as::test {

namespace {

int check(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::system_category(), what);
    return result;
}

}  // namespace

net_namespace::net_namespace() : fd_(-1) {
    check(::unshare(CLONE_NEWNET), "unshare");
    fd_ = check(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "/proc/thread-self/ns/net");
}

net_namespace::~net_namespace() { ::close(fd_); }

void net_namespace::enter() const { check(::setns(fd_, CLONE_NEWNET), "setns"); }

std::string net_namespace::path() const { return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_); }

std::string net_namespace::why_not() {
    if (::geteuid() != 0) return "network namespaces need root";
    for (const char* program : {"ip", "nft"}) {
        if (!find_program(program)) return std::string(program) + " is not installed (Debian: iproute2, nftables)";
    }
    int unshared = -1;
    int made_private = -1;
    std::thread([&] {
        unshared = ::unshare(CLONE_NEWNET | CLONE_NEWNS);
        if (unshared == 0) made_private = ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    }).join();
    if (unshared != 0) return "network namespaces need CAP_SYS_ADMIN and CAP_NET_ADMIN";
    return made_private == 0 ? "" : "mounts cannot be made private here: the root of a chroot is no mount point";
}

bool net_namespace::may_be_skipped() {
    const char* const ci = std::getenv("CI");
    return ci == nullptr || std::string_view(ci) != "true";
}

void shell(const std::string& command) {
    const temp_folder folder;
    child_process child({"/bin/sh", "-ec", "PATH=$PATH:/usr/sbin:/sbin\n" + command}, folder.path() / "out");
    if (child.wait() == 0) return;
    std::ifstream out(folder.path() / "out");
    throw std::runtime_error(command + ": " + std::string(std::istreambuf_iterator<char>(out), {}));
}

}  // namespace mqtt_as::test
