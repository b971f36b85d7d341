// Asks the kernel about interfaces (getifaddrs) and routes (rtnetlink).
#include "src/link/kernel_routes.hpp"

#include "src/link/addresses.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mqtt_as::detail {

namespace {

namespace ip = boost::asio::ip;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::system_category(), what); }

bool is_only_local(const ip::address& a) {
    return a.is_loopback() || (a.is_v6() ? a.to_v6().is_link_local() : (a.to_v4().to_uint() >> 16) == 0xA9FE);
}

/// A request for one route, as the kernel wants it: a header, what is asked, attributes.
class route_request {
public:
    route_request(const ip::address& to, unsigned sequence) {
        header_.nlmsg_type = RTM_GETROUTE;
        header_.nlmsg_flags = NLM_F_REQUEST;
        header_.nlmsg_seq = sequence;
        question_.rtm_family = static_cast<unsigned char>(to.is_v6() ? AF_INET6 : AF_INET);
        question_.rtm_dst_len = static_cast<unsigned char>(to.is_v6() ? 128 : 32);
        size_ = NLMSG_LENGTH(sizeof question_);
        if (to.is_v6()) {
            const auto raw = to.to_v6().to_bytes();
            append(RTA_DST, raw.data(), raw.size());
            const std::uint32_t scope = static_cast<std::uint32_t>(to.to_v6().scope_id());
            if (scope != 0) append(RTA_OIF, &scope, sizeof scope);
        } else {
            const auto raw = to.to_v4().to_bytes();
            append(RTA_DST, raw.data(), raw.size());
        }
        header_.nlmsg_len = static_cast<std::uint32_t>(size_);
        std::memcpy(bytes_.data(), &header_, sizeof header_);
        std::memcpy(bytes_.data() + NLMSG_HDRLEN, &question_, sizeof question_);
    }
    const void* data() const { return bytes_.data(); }
    std::size_t size() const { return size_; }

private:
    void append(unsigned short type, const void* value, std::size_t size) {
        const rtattr attribute{static_cast<unsigned short>(RTA_LENGTH(size)), type};
        std::memcpy(bytes_.data() + size_, &attribute, sizeof attribute);
        std::memcpy(bytes_.data() + size_ + RTA_LENGTH(0), value, size);
        size_ += RTA_SPACE(size);
    }
    nlmsghdr header_{};
    rtmsg question_{};
    std::array<char, 128> bytes_{};
    std::size_t size_;
};

/// Before its own address may be used the kernel would take one that no answer can come to.
bool can_be_answered(const ip::address& source, const ip::address& to) {
    if (source.is_unspecified() || (source.is_loopback() && !to.is_loopback())) return false;
    return !source.is_v6() || !source.to_v6().is_link_local() || to.to_v6().is_link_local();
}

std::optional<route> route_of(const nlmsghdr* header, const ip::address& to) {
    const auto* found = static_cast<const rtmsg*>(NLMSG_DATA(header));
    // The kernel answers "prohibited" and the like with a route of that type, or with an error.
    if (found->rtm_type != RTN_UNICAST && found->rtm_type != RTN_LOCAL) return std::nullopt;
    route result;
    auto left = static_cast<int>(RTM_PAYLOAD(header));
    for (const rtattr* a = RTM_RTA(found); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        const auto* value = static_cast<const unsigned char*>(RTA_DATA(a));
        if (a->rta_type == RTA_OIF) std::memcpy(&result.interface, value, sizeof result.interface);
        if (a->rta_type == RTA_PREFSRC) result.source = address_of({value, RTA_PAYLOAD(a)}).value_or(result.source);
    }
    if (result.interface == 0 || !can_be_answered(result.source, to)) return std::nullopt;
    return result;
}

}  // namespace

owned_descriptor::~owned_descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

int owned_descriptor::release() noexcept { return std::exchange(fd_, -1); }

int open_netlink(unsigned groups) {
    owned_descriptor fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    if (fd.get() < 0) fail("netlink");
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = groups;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("netlink");
    return fd.release();
}

// ---- interfaces -------------------------------------------------------------------------------------------

std::optional<interface_table> interface_table::read() {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return std::nullopt;
    interface_table table;
    for (const ifaddrs* a = list; a != nullptr; a = a->ifa_next) {
        const auto same = [a](const entry& e) { return e.name == a->ifa_name; };
        auto at = std::find_if(table.entries_.begin(), table.entries_.end(), same);
        if (at == table.entries_.end()) {
            table.entries_.push_back({::if_nametoindex(a->ifa_name), a->ifa_flags, a->ifa_name, {}});
            at = table.entries_.end() - 1;
        }
        if (const auto address = address_of(a->ifa_addr)) at->addresses.push_back(*address);
    }
    ::freeifaddrs(list);
    return table;
}

bool interface_table::entry::runs() const { return (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0; }

const interface_table::entry* interface_table::find(unsigned interface) const {
    for (const entry& e : entries_) {
        if (e.index == interface) return &e;
    }
    return nullptr;
}

bool interface_table::runs(unsigned interface) const {
    const entry* e = find(interface);
    return e != nullptr && e->runs();
}

bool interface_table::has(const ip::address& address) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const entry& e) {
        return e.runs() && std::find(e.addresses.begin(), e.addresses.end(), address) != e.addresses.end();
    });
}

bool interface_table::has_any_way() const {
    return std::any_of(entries_.begin(), entries_.end(), [](const entry& e) {
        return e.runs() && !std::all_of(e.addresses.begin(), e.addresses.end(), is_only_local);
    });
}

std::string interface_table::describe(unsigned interface) const {
    const entry* e = find(interface);
    if (e == nullptr) return "the interface is gone";
    if ((e->flags & IFF_UP) == 0) return e->name + " is down";
    return e->runs() ? e->name : e->name + " has no carrier";
}

// ---- routes -----------------------------------------------------------------------------------------------

route_finder::route_finder() : socket_(open_netlink(0)) {}

/// The kernel answers before `send` returns: nothing is waited for.
std::optional<route> route_finder::find(const ip::address& to) {
    const route_request request(to, ++sequence_);
    if (::send(socket_.get(), request.data(), request.size(), 0) < 0) return std::nullopt;
    alignas(nlmsghdr) std::array<char, 4096> answer;
    for (;;) {
        const ssize_t n = ::recv(socket_.get(), answer.data(), answer.size(), MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < static_cast<ssize_t>(sizeof(nlmsghdr))) return std::nullopt;
        const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
        if (header->nlmsg_seq != sequence_) continue;  // of an earlier question
        if (header->nlmsg_type != RTM_NEWROUTE || header->nlmsg_len > static_cast<std::size_t>(n)) return std::nullopt;
        return route_of(header, to);
    }
}

}  // namespace mqtt_as::detail
