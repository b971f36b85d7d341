// One question, one answer: 10.0.2.2, which is this machine to an emulated board.
#include "tests/firmware/name_server.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace mqtt_as::firmware {

name_server::name_server() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::system_error(errno, std::generic_category(), "bind to port 53");
    thread_ = std::thread([this] { serve(); });
}

name_server::~name_server() {
    ::shutdown(socket_, SHUT_RDWR);  // ends the wait
    thread_.join();
    ::close(socket_);
}

void name_server::serve() {
    for (;;) {
        std::array<std::uint8_t, 512> question;
        sockaddr_in from{};
        socklen_t from_size = sizeof from;
        const ssize_t size =
            ::recvfrom(socket_, question.data(), question.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_size);
        if (size <= 12) return;
        ++questions;
        std::vector<std::uint8_t> answer(question.begin(), question.begin() + size);
        answer[2] = 0x81;                 // an answer, recursion desired
        answer[3] = knows ? 0x80 : 0x83;  // ... and available; no error, or no such name
        if (knows) {
            answer[7] = 1;  // answers
            // The name of the question, A, IN, valid for a second, 4 bytes.
            const std::uint8_t record[] = {0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 10, 0, 2, 2};
            answer.insert(answer.end(), std::begin(record), std::end(record));
        }
        ::sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<const sockaddr*>(&from), from_size);
    }
}

}  // namespace mqtt_as::firmware
