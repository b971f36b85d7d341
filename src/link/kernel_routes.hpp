// What the kernel says about interfaces, addresses and routes at one moment. Nothing here waits.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_as::detail {

/// A file descriptor with an owner.
class owned_descriptor {
public:
    explicit owned_descriptor(int fd = -1) noexcept : fd_(fd) {}
    ~owned_descriptor();
    owned_descriptor(const owned_descriptor&) = delete;
    owned_descriptor& operator=(const owned_descriptor&) = delete;

    int get() const noexcept { return fd_; }
    int release() noexcept;

private:
    int fd_;
};

/// A NETLINK_ROUTE socket that hears of `groups` (RTMGRP_*). Throws std::system_error.
int open_netlink(unsigned groups);

/// The interfaces of this network namespace and their addresses.
class interface_table {
public:
    /// As they are now. Empty when the kernel has no resources to say it.
    static std::optional<interface_table> read();

    bool exists(unsigned interface) const { return find(interface) != nullptr; }
    /// Up, and with a carrier.
    bool runs(unsigned interface) const;
    /// An interface that runs has it.
    bool has(const boost::asio::ip::address&) const;
    /// An interface that runs has an address that others can reach.
    bool has_any_way() const;
    /// "eth0", "eth0 has no carrier", "eth0 is down", "the interface is gone".
    std::string describe(unsigned interface) const;

private:
    struct entry {
        unsigned index;
        unsigned flags;  // IFF_*
        std::string name;
        std::vector<boost::asio::ip::address> addresses;

        bool runs() const;
    };
    const entry* find(unsigned interface) const;

    std::vector<entry> entries_;
};

struct route {
    unsigned interface = 0;
    boost::asio::ip::address source;
};

/// Asks the kernel which way it would take (RTM_GETROUTE).
class route_finder {
public:
    /// Throws std::system_error where there is no netlink.
    route_finder();
    /// Empty when there is no way that could carry anything.
    std::optional<route> find(const boost::asio::ip::address& to);

private:
    owned_descriptor socket_;
    unsigned sequence_ = 0;
};

}  // namespace mqtt_as::detail
