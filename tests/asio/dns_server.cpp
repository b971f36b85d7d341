// One UDP socket and one thread.
#include "tests/asio/dns_server.hpp"

#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>

namespace mqtt_as::front_test {

dns_server::dns_server(script answers) : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof own;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&own), size) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&own), &size) != 0) {
        throw std::system_error(errno, std::generic_category(), "a UDP socket");
    }
    port_ = ntohs(own.sin_port);
    thread_ = std::thread([this, answers = std::move(answers)] { run(answers); });
}

dns_server::~dns_server() {
    stopping_ = true;
    ::shutdown(socket_, SHUT_RDWR);  // wakes the thread
    thread_.join();
    ::close(socket_);
}

void dns_server::run(const script& answers) {
    std::array<char, 1'024> buffer;
    while (!stopping_) {
        sockaddr_in from{};
        socklen_t size = sizeof from;
        const ssize_t n =
            ::recvfrom(socket_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
        if (n <= 0 || stopping_) continue;
        for (const std::string& datagram :
             answers(queries_++, std::string(buffer.data(), static_cast<std::size_t>(n)))) {
            ::sendto(socket_, datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
        }
    }
}

}  // namespace mqtt_as::front_test
