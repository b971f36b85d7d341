// A DNS server on a port of its own of 127.0.0.1 that answers as a test tells it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace mqtt_as::front_test {

class dns_server {
public:
    /// Query number n (from 0) and what it says; the datagrams to answer with.
    using script = std::function<std::vector<std::string>(int number, const std::string& query)>;

    explicit dns_server(script);
    ~dns_server();
    dns_server(const dns_server&) = delete;
    dns_server& operator=(const dns_server&) = delete;

    std::uint16_t port() const { return port_; }
    int queries() const { return queries_; }

private:
    void run(const script&);

    int socket_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> queries_{0};
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

namespace dns_bytes {
/// The header's two bytes of flags in an answer.
inline const std::string good{"\x81\x80", 2};

/// The answer to `query` with these flags and these records, written by hand.
inline std::string answer(const std::string& query, const std::string& flags, const std::vector<std::string>& records) {
    std::string text = query.substr(0, 2) + flags + std::string("\0\1\0", 3);
    text += static_cast<char>(records.size());
    text += std::string(4, '\0') + query.substr(12);
    for (const std::string& r : records) text += r;
    return text;
}
/// An address of the name that was asked for; class IN, kept for a minute.
inline std::string a(const std::string& four_bytes) {
    return std::string("\xC0\x0C\0\1\0\1\0\0\0\x3C\0\4", 12) + four_bytes;
}
inline const std::string google = "\x8E\xFA\x4A\x24";  // 142.250.74.36
/// "www.google.com is another name of x".
inline const std::string cname{"\xC0\x0C\0\5\0\1\0\0\0\x3C\0\3\1x\0", 15};
}  // namespace dns_bytes

}  // namespace mqtt_as::front_test
