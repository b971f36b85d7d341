// The addresses of a name, of IPv4 and of IPv6 apart: one of both may be slow, wrong or missing.
#pragma once

#include "mqtt_as/asio/task.hpp"
#include "tools/mqtt-as/wait.hpp"

#include <boost/asio/ip/address.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_as::cli::doctor {

using addresses = std::vector<boost::asio::ip::address>;

/// What the system's resolver says to one question.
struct answer {
    addresses found{};
    int error = 0;  ///< of getaddrinfo
    span took{};
};

/// Two questions under way. Nobody can cancel getaddrinfo: when it is too slow, its thread is left alone.
class lookup {
public:
    /// Asks.
    explicit lookup(const std::string& name);

    /// Waits until both are answered, at most until then.
    task<bool> finish(clock::time_point deadline) const;
    /// Empty: no answer yet.
    std::optional<answer> v4() const;
    std::optional<answer> v6() const;
    /// Those of IPv6 first, as the standard wants them to be tried.
    addresses all() const;

private:
    struct question;
    static std::shared_ptr<question> ask(const std::string& name, int family);

    std::shared_ptr<question> v4_;
    std::shared_ptr<question> v6_;
};

}  // namespace mqtt_as::cli::doctor
