// What a server says about itself in the handshake of TLS. Nothing is verified here: the library does that, and says
// what is wrong; this is what a person wants to see beside it.
#pragma once

#include "mqtt_as/asio/config.hpp"
#include "mqtt_as/asio/task.hpp"
#include "tools/mqtt-as/doctor/reach.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_as::cli::doctor {

struct certificate {
    std::string subject;  ///< "CN=broker.local"
    std::string issuer;
    std::vector<std::string> names;  ///< DNS names and addresses that it is for
    std::time_t valid_from = 0;
    std::time_t valid_until = 0;
    std::string key;          ///< "RSA, 2048 bits"
    std::string fingerprint;  ///< SHA-256 in hexadecimal
};

struct greeting {
    bool is_secured = false;  ///< the handshake went through
    std::string version;      ///< "TLSv1.3"
    std::string cipher;
    std::string protocol;            ///< chosen by ALPN
    std::vector<certificate> chain;  ///< the server's own first; empty: it sent none
    span took{};                     ///< of the handshake
};

/// Connects and shakes hands, at most until `deadline`.
task<greeting> greet(endpoint where, const ssl_params& params, std::string server_name, clock::time_point deadline);

}  // namespace mqtt_as::cli::doctor
