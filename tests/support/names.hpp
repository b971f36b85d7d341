// The one name that tests may look up: it needs no network, but it does need /etc/hosts, which a bare chroot lacks.
#pragma once

#include <gtest/gtest.h>
#include <netdb.h>

namespace mqtt_as::tests {

inline bool knows_localhost() {
    addrinfo* found = nullptr;
    if (::getaddrinfo("localhost", nullptr, nullptr, &found) != 0) return false;
    ::freeaddrinfo(found);
    return true;
}

}  // namespace mqtt_as::tests

#define MQTT_AS_NEEDS_LOCALHOST()                                                                                      \
    if (!mqtt_as::tests::knows_localhost()) GTEST_SKIP() << "this machine does not know localhost: see /etc/hosts"
