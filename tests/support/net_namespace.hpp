// Network namespaces and the shell commands that break what is in them. Needs root.
#pragma once

#include <string>

namespace mqtt_as::test {

/// A network namespace; it ends with the object when nobody is in it any more. The thread that makes it is in it, and
/// so are all threads and programs that it starts from then on.
class net_namespace {
public:
    /// Throws std::system_error.
    net_namespace();
    ~net_namespace();
    net_namespace(const net_namespace&) = delete;
    net_namespace& operator=(const net_namespace&) = delete;

    /// The calling thread, and what it starts, is in it from now on.
    void enter() const;
    /// A path that the program `ip` takes for its name.
    std::string path() const;

    /// Empty, or why there can be none here, in words.
    static std::string why_not();
    /// Whether a test that cannot have one may be skipped: not by continuous integration (CI=true).
    static bool may_be_skipped();

private:
    int fd_;  // as long as it is open, so is the namespace
};

/// Runs a shell command; throws std::runtime_error with what it said when it fails.
void shell(const std::string& command);

}  // namespace mqtt_as::test

/// First line of SetUp of tests that need namespaces.
#define NEEDS_NET_NAMESPACES()                                                                                         \
    if (const std::string why = mqtt_as::test::net_namespace::why_not(); !why.empty()) {                               \
        ASSERT_TRUE(mqtt_as::test::net_namespace::may_be_skipped()) << why << ", and CI=true allows no skipping";      \
        GTEST_SKIP() << why;                                                                                           \
    }                                                                                                                  \
    static_assert(true)
