// Addresses as Asio knows them, from what the system calls give.
#pragma once

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <optional>
#include <span>
#include <sys/socket.h>

namespace mqtt_as::detail {

/// Of four bytes or sixteen; nothing else is an address.
inline std::optional<boost::asio::ip::address> address_of(std::span<const unsigned char> raw,
                                                          std::uint32_t scope_id = 0) {
    boost::asio::ip::address_v4::bytes_type v4;
    boost::asio::ip::address_v6::bytes_type v6;
    if (raw.size() == v4.size()) {
        std::copy(raw.begin(), raw.end(), v4.begin());
        return boost::asio::ip::address_v4(v4);
    }
    if (raw.size() != v6.size()) return std::nullopt;
    std::copy(raw.begin(), raw.end(), v6.begin());
    return boost::asio::ip::address_v6(v6, scope_id);
}

/// Of the families that have one; `from` may be nullptr.
inline std::optional<boost::asio::ip::address> address_of(const sockaddr* from) {
    if (from == nullptr) return std::nullopt;
    if (from->sa_family == AF_INET) {
        sockaddr_in in;
        std::memcpy(&in, from, sizeof in);
        return address_of({reinterpret_cast<const unsigned char*>(&in.sin_addr), sizeof in.sin_addr});
    }
    if (from->sa_family == AF_INET6) {
        sockaddr_in6 in;
        std::memcpy(&in, from, sizeof in);
        return address_of({reinterpret_cast<const unsigned char*>(&in.sin6_addr), sizeof in.sin6_addr},
                          in.sin6_scope_id);
    }
    return std::nullopt;
}

}  // namespace mqtt_as::detail
