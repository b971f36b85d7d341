// The scripted server.
#include "tests/asio/scripted_server.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace mqtt_as::front_test {

namespace {

std::uint16_t number_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes.at(at)) << 8 |
                                      static_cast<unsigned char>(bytes.at(at + 1)));
}

std::string packet_of(int first, const std::string& body) {
    std::string bytes(1, static_cast<char>(first));
    std::size_t rest = body.size();
    do {
        bytes += static_cast<char>(rest % 128 | (rest > 127 ? 128 : 0));
        rest /= 128;
    } while (rest > 0);
    return bytes + body;
}

std::string text_of(std::string_view s) {
    return std::string{static_cast<char>(s.size() >> 8), static_cast<char>(s.size())}.append(s);
}

}  // namespace

std::string frame::topic() const { return body.substr(2, number_at(body, 0)); }

std::uint16_t frame::packet_id() const {
    return type() == PUBLISH ? number_at(body, 2u + number_at(body, 0)) : number_at(body, 0);
}

std::string frame::payload(bool v5) const {
    std::size_t at = 2u + number_at(body, 0) + (qos() > 0 ? 2 : 0);
    if (v5) at += 1 + static_cast<unsigned char>(body.at(at));  // properties of less than 128 bytes
    return body.substr(at);
}

peer::peer(int socket)
    : receive([this](char* into, std::size_t size) { return ::recv(socket_, into, size, 0); }),
      transmit([this](const char* from, std::size_t size) { return ::send(socket_, from, size, MSG_NOSIGNAL); }),
      socket_(socket) {
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int yes = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

peer::~peer() {
    if (socket_ >= 0) ::close(socket_);
}

bool peer::read_exactly(char* into, std::size_t size) {
    while (size > 0) {
        const ssize_t n = receive(into, size);
        if (n < 0 && errno == EAGAIN) throw std::runtime_error("the client sent nothing for 20 s");
        if (n <= 0) return false;
        into += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

std::optional<frame> peer::read() {
    frame f;
    char c;
    if (!read_exactly(&c, 1)) return std::nullopt;
    f.first = static_cast<std::uint8_t>(c);
    std::size_t size = 0;
    for (int shift = 0;; shift += 7) {
        if (shift > 21) throw std::runtime_error("the client does not speak MQTT");
        if (!read_exactly(&c, 1)) return std::nullopt;
        size |= static_cast<std::size_t>(c & 127) << shift;
        if ((c & 128) == 0) break;
    }
    f.body.resize(size);
    if (size > 0 && !read_exactly(f.body.data(), size)) return std::nullopt;
    return f;
}

frame peer::expect(int type) {
    auto f = read();
    if (!f) throw std::runtime_error("the client closed instead of sending packet type " + std::to_string(type));
    if (f->type() != type) {
        throw std::runtime_error("packet type " + std::to_string(f->type()) + " instead of " + std::to_string(type));
    }
    return *f;
}

void peer::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = transmit(bytes.data(), bytes.size());
        if (n < 0) throw std::runtime_error(std::string("send: ") + std::strerror(errno));
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

frame peer::accept(bool session_present) {
    frame f = expect(CONNECT);
    v5_ = f.body.at(6) == 5;
    std::string answer = v5_ ? wire_bytes::connack_v5 : wire_bytes::connack;
    answer[2] = session_present ? 1 : 0;
    send(answer);
    return f;
}

void peer::answer(const frame& f) {
    switch (f.type()) {
    case PUBLISH:
        if (f.qos() == 1) send(wire_bytes::ack(0x40, f.packet_id()));
        if (f.qos() == 2) send(wire_bytes::ack(0x50, f.packet_id()));
        break;
    case 5: send(wire_bytes::ack(0x62, f.packet_id())); break;
    case PUBREL: send(wire_bytes::ack(0x70, f.packet_id())); break;
    case SUBSCRIBE: {
        std::string body = f.body.substr(0, 2) + (v5_ ? std::string(1, '\0') : "");
        send(packet_of(0x90, body + static_cast<char>(f.body.back() & 3)));
        break;
    }
    case UNSUBSCRIBE: send(packet_of(0xB0, f.body.substr(0, 2) + (v5_ ? std::string(2, '\0') : ""))); break;
    case PINGREQ: send({"\xD0\x00", 2}); break;
    default: break;
    }
}

void peer::serve(const std::function<bool(const frame&)>& until) {
    while (const auto f = read()) {
        const bool ends = f->type() == DISCONNECT || (until && until(*f));
        answer(*f);
        if (ends) return;
    }
}

void peer::publish(std::string_view topic, std::string_view payload, int qos, std::uint16_t packet_id, bool retain) {
    std::string body = text_of(topic);
    if (qos > 0) body += {static_cast<char>(packet_id >> 8), static_cast<char>(packet_id)};
    if (v5_) body += '\0';
    send(packet_of(0x30 | qos << 1 | (retain ? 1 : 0), body.append(payload)));
}

void peer::reset() {
    const linger hard{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(socket_);
    socket_ = -1;
}

std::uint16_t port_of_nobody() { return scripted_server({good_broker}).port(); }

void good_broker(peer& p) {
    p.accept();
    p.serve();
}

void http_server(peer& p) {
    p.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    while (p.read()) {
    }
}

void mute_server(peer& p) {
    std::array<char, 512> heard;
    while (p.receive(heard.data(), heard.size()) > 0) {
    }
}

scripted_server::scripted_server(std::vector<script> scripts, const std::string& address) {
    sockaddr_storage storage{};
    socklen_t size = 0;
    if (address.front() == '/') {
        auto& a = reinterpret_cast<sockaddr_un&>(storage);
        a.sun_family = AF_UNIX;
        std::strncpy(a.sun_path, address.c_str(), sizeof a.sun_path - 1);
        size = sizeof a;
        path_ = address;
    } else if (address.find(':') != std::string::npos) {
        auto& a = reinterpret_cast<sockaddr_in6&>(storage);
        a.sin6_family = AF_INET6;
        ::inet_pton(AF_INET6, address.c_str(), &a.sin6_addr);
        size = sizeof a;
    } else {
        auto& a = reinterpret_cast<sockaddr_in&>(storage);
        a.sin_family = AF_INET;
        ::inet_pton(AF_INET, address.c_str(), &a.sin_addr);
        size = sizeof a;
    }
    listener_ = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&storage), size) != 0 ||
        ::listen(listener_, 64) != 0) {
        throw std::runtime_error("scripted_server: " + address + ": " + std::strerror(errno));
    }
    if (path_.empty()) {
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&storage), &size);
        port_ = ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
                                                    : reinterpret_cast<sockaddr_in&>(storage).sin_port);
    }
    thread_ = std::thread([this, scripts = std::move(scripts)] { run(scripts); });
}

void scripted_server::run(std::vector<script> scripts) {
    std::vector<std::thread> threads;
    while (!stopping_) {
        pollfd p{listener_, POLLIN, 0};
        if (::poll(&p, 1, 20) <= 0) continue;
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) continue;
        {
            const std::lock_guard lock(mutex_);
            open_.push_back(socket);
        }
        const auto n = static_cast<std::size_t>(connections_++);
        threads.emplace_back([this, socket, play = scripts.at(std::min(n, scripts.size() - 1))] {
            std::string words;
            {
                peer client(socket);
                try {
                    play(client);
                } catch (const std::exception& e) {
                    words = e.what();
                }
                const std::lock_guard lock(mutex_);
                std::erase(open_, socket);
            }
            const std::lock_guard lock(mutex_);
            if (!stopping_ && !words.empty()) complaint_ += words + "; ";
        });
    }
    for (std::thread& t : threads) t.join();
}

void scripted_server::refuse() {
    stopping_ = true;
    if (thread_.joinable()) {
        {
            const std::lock_guard lock(mutex_);
            for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
        }
        thread_.join();
        ::close(listener_);
        if (!path_.empty()) ::unlink(path_.c_str());
    }
}

std::string scripted_server::complaint() const {
    const std::lock_guard lock(mutex_);
    return complaint_;
}

scripted_server::~scripted_server() { refuse(); }

}  // namespace mqtt_as::front_test
