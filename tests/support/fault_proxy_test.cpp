// The proxy's promises, checked with bare sockets on both of its sides.
#include "tests/support/fault_proxy.hpp"

#include "tests/support/eventually.hpp"
#include "tests/support/temp_folder.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

// CONNECT of client "a" in both versions, as the tables of the specifications show it.
const std::string connect_v3 = "\x10\x0D\x00\x04MQTT\x04\x02\x00\x3C\x00\x01"s + "a";
const std::string connect_v5 = "\x10\x10\x00\x04MQTT\x05\x02\x00\x3C\x02\x24\x01\x00\x01"s + "a";
const std::string connack = "\x20\x02\x00\x00"s;
const std::string publish_7 = "\x32\x07\x00\x01t\x00\x07hi"s;  // qos 1, topic t, identifier 7
const std::string publish_8 = "\x32\x07\x00\x01t\x00\x08ho"s;
const std::string puback_7 = "\x40\x02\x00\x07"s;
const std::string puback_8 = "\x40\x02\x00\x08"s;
const std::string suback_9 = "\x90\x03\x00\x09\x01"s;

// A socket that reads what is asked for or says why not.
class raw_socket {
public:
    explicit raw_socket(int fd) : fd_(fd) { limit(5s); }
    raw_socket(raw_socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    ~raw_socket() {
        if (fd_ >= 0) ::close(fd_);
    }

    void limit(std::chrono::milliseconds time) {
        const timeval value{time.count() / 1000, time.count() % 1000 * 1000};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof value);
    }
    void send(const std::string& bytes) {
        ASSERT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), ssize_t(bytes.size()));
    }
    void send_buffer(int size) { ::setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &size, sizeof size); }
    /// How many of the bytes are taken within `time`.
    std::size_t send_what_is_taken(const std::string& bytes, std::chrono::milliseconds time) {
        std::size_t sent = 0;
        const auto end = std::chrono::steady_clock::now() + time;
        while (sent < bytes.size() && std::chrono::steady_clock::now() < end) {
            const ssize_t n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n > 0)
                sent += static_cast<std::size_t>(n);
            else
                std::this_thread::sleep_for(1ms);
        }
        return sent;
    }
    /// Exactly `size` bytes; fewer when the stream ends or nothing comes in time.
    std::string receive(std::size_t size) {
        std::string bytes(size, '\0');
        std::size_t got = 0;
        while (got < size) {
            const ssize_t n = ::recv(fd_, bytes.data() + got, size - got, 0);
            if (n <= 0) break;
            got += static_cast<std::size_t>(n);
        }
        bytes.resize(got);
        return bytes;
    }
    /// Sent, but not yet acknowledged by the other side's kernel.
    std::size_t unacknowledged() const {
        int size = 0;
        EXPECT_EQ(::ioctl(fd_, SIOCOUTQ, &size), 0);
        return static_cast<std::size_t>(size);
    }
    /// How the stream ends: "FIN", "RST", "silence" within `time`, or "bytes".
    std::string ending(std::chrono::milliseconds time = 5s) {
        limit(time);
        char byte = 0;
        const ssize_t n = ::recv(fd_, &byte, 1, 0);
        if (n == 0) return "FIN";
        if (n > 0) return "bytes";
        return errno == ECONNRESET ? "RST" : "silence";
    }

private:
    int fd_;
};

class fault_proxy_test : public testing::Test {
protected:
    fault_proxy_test() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, socket_path_.c_str(), sizeof address.sun_path - 1);
        EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listener_, 10), 0);
    }
    ~fault_proxy_test() override { ::close(listener_); }

    int try_connect() { return try_connect("127.0.0.1", proxy.port()); }
    int try_connect(const char* host, std::uint16_t port) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        ::inet_pton(AF_INET, host, &address.sin_addr);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
        ::close(fd);
        return -1;
    }
    raw_socket connect_client() { return raw_socket(try_connect()); }
    raw_socket accept_at_broker() { return raw_socket(::accept(listener_, nullptr, nullptr)); }

    temp_folder folder_;
    std::string socket_path_ = folder_.path() / "socket";
    int listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

public:
    fault_proxy proxy{socket_path_};
};

// A client named "a" that is connected, seen from both sides.
struct both_ends {
    explicit both_ends(raw_socket c, raw_socket b) : client(std::move(c)), broker(std::move(b)) {
        client.send(connect_v3);
        EXPECT_EQ(broker.receive(connect_v3.size()), connect_v3);
        broker.send(connack);
        EXPECT_EQ(client.receive(connack.size()), connack);
    }
    raw_socket client;
    raw_socket broker;
};

#define CONNECTED_PAIR                                                                                                 \
    both_ends pair { connect_client(), accept_at_broker() }

TEST_F(fault_proxy_test, passes_bytes_both_ways_and_counts_packets) {
    CONNECTED_PAIR;
    pair.client.send(publish_7 + publish_8);
    EXPECT_EQ(pair.broker.receive(18), publish_7 + publish_8);
    pair.broker.send(puback_7);
    EXPECT_EQ(pair.client.receive(4), puback_7);
    EXPECT_EQ(proxy.passed(toward::broker, packet_type::publish, "a"), 2u);
    EXPECT_EQ(proxy.passed(toward::broker, packet_type::publish, "b"), 0u);
    EXPECT_EQ(proxy.passed(toward::client, packet_type::puback), 1u);
    EXPECT_EQ(proxy.connections("a"), 1u);
}

TEST_F(fault_proxy_test, finds_the_client_identifier_behind_mqtt_5_properties) {
    raw_socket client = connect_client();
    raw_socket broker = accept_at_broker();
    client.send(connect_v5);
    EXPECT_EQ(broker.receive(connect_v5.size()), connect_v5);
    EXPECT_EQ(proxy.connections("a"), 1u);
}

TEST_F(fault_proxy_test, passes_packets_byte_by_byte_and_larger_than_it_keeps) {
    CONNECTED_PAIR;
    for (const char each : publish_7) pair.client.send(std::string(1, each));
    EXPECT_EQ(pair.broker.receive(9), publish_7);
    const std::string large = "\x30\xA0\x8D\x06\x00\x01t"s + std::string(100'000 - 3, 'x');
    pair.client.send(large);
    EXPECT_EQ(pair.broker.receive(large.size()), large);
    pair.client.send(publish_8);
    EXPECT_EQ(pair.broker.receive(9), publish_8);
    EXPECT_EQ(proxy.passed(toward::broker, packet_type::publish), 3u);
}

TEST_F(fault_proxy_test, resets_only_the_client_that_is_named) {
    CONNECTED_PAIR;
    proxy.reset("b");
    EXPECT_EQ(pair.client.ending(100ms), "silence");
    proxy.reset("a");
    EXPECT_EQ(pair.client.ending(), "RST");
    EXPECT_EQ(pair.broker.ending(), "FIN");
}

TEST_F(fault_proxy_test, finishes_with_fin_even_with_unread_bytes) {
    CONNECTED_PAIR;
    proxy.finish();
    pair.client.send(publish_7);
    EXPECT_EQ(pair.client.ending(), "FIN");
    EXPECT_EQ(pair.broker.ending(), "FIN");
}

TEST_F(fault_proxy_test, passes_the_last_bytes_of_either_side_before_its_end) {
    both_ends first{connect_client(), accept_at_broker()};
    first.client.send(publish_7);
    {
        const raw_socket gone = std::move(first.client);
    }
    EXPECT_EQ(first.broker.receive(9), publish_7);
    EXPECT_EQ(first.broker.ending(), "FIN");

    both_ends second{connect_client(), accept_at_broker()};
    second.broker.send(puback_7);
    {
        const raw_socket gone = std::move(second.broker);
    }
    EXPECT_EQ(second.client.receive(4), puback_7);
    EXPECT_EQ(second.client.ending(), "FIN");
}

TEST_F(fault_proxy_test, half_open_holds_bytes_and_ends_until_healed) {
    CONNECTED_PAIR;
    proxy.half_open("a");
    pair.client.send(publish_7);
    pair.broker.send(puback_8);
    EXPECT_EQ(pair.client.ending(100ms), "silence");
    EXPECT_EQ(pair.broker.ending(100ms), "silence");
    {
        const raw_socket gone = std::move(pair.broker);
    }
    EXPECT_EQ(pair.client.ending(100ms), "silence");
    both_ends another{connect_client(), accept_at_broker()};  // new connections work
    proxy.heal();
    pair.client.limit(5s);
    EXPECT_EQ(pair.client.receive(4), puback_8);
    EXPECT_EQ(pair.client.ending(), "FIN");
}

TEST_F(fault_proxy_test, half_open_leaves_most_bytes_unacknowledged_as_a_dead_path_does) {
    CONNECTED_PAIR;
    proxy.half_open("a");
    std::string sent;
    while (sent.size() < 8000) {
        pair.client.send(publish_7);
        sent += publish_7;
        std::this_thread::sleep_for(500us);  // so that they are segments of their own
    }
    EXPECT_GE(pair.client.unacknowledged(), 4000u);  // the kernel takes 2 KB or so, however small the buffer
    proxy.heal();
    EXPECT_EQ(pair.broker.receive(sent.size()), sent);
    EXPECT_EQ(pair.client.unacknowledged(), 0u);
}

TEST_F(fault_proxy_test, half_open_that_dropped_bytes_ends_in_a_reset) {
    CONNECTED_PAIR;
    proxy.half_open("a", silence::dropped);
    pair.client.send(publish_7);
    EXPECT_EQ(pair.broker.ending(100ms), "silence");
    proxy.heal();
    EXPECT_EQ(pair.client.ending(), "RST");
    EXPECT_EQ(pair.broker.ending(), "FIN");
}

TEST_F(fault_proxy_test, stall_holds_new_connections_until_healed) {
    CONNECTED_PAIR;
    proxy.stall("a");
    raw_socket client = connect_client();
    raw_socket broker = accept_at_broker();
    client.send(connect_v5);
    pair.client.send(publish_7);
    EXPECT_EQ(broker.ending(100ms), "silence");
    EXPECT_EQ(pair.broker.ending(10ms), "silence");
    EXPECT_EQ(client.ending(10ms), "silence");
    proxy.heal("a");
    broker.limit(5s);
    pair.broker.limit(5s);
    EXPECT_EQ(broker.receive(connect_v5.size()), connect_v5);
    EXPECT_EQ(pair.broker.receive(9), publish_7);
    both_ends another{connect_client(), accept_at_broker()};
}

TEST_F(fault_proxy_test, stall_brings_nothing_of_attempts_that_were_given_up) {
    proxy.stall();
    std::optional<raw_socket> given_up(connect_client());
    raw_socket broker = accept_at_broker();
    given_up->send(connect_v3);
    EXPECT_EQ(broker.ending(100ms), "silence");
    given_up.reset();
    // Another one that waits is told nothing of it.
    raw_socket client = connect_client();
    raw_socket next = accept_at_broker();
    client.send(connect_v5);
    EXPECT_EQ(next.ending(100ms), "silence");
    proxy.heal();
    EXPECT_EQ(broker.ending(), "FIN");
    next.limit(5s);
    EXPECT_EQ(next.receive(connect_v5.size()), connect_v5);
}

TEST_F(fault_proxy_test, stall_that_drops_resets_new_connections_too) {
    proxy.stall("", silence::dropped);
    raw_socket client = connect_client();
    raw_socket broker = accept_at_broker();
    client.send(connect_v3);
    EXPECT_EQ(broker.ending(100ms), "silence");
    proxy.heal();
    EXPECT_EQ(client.ending(), "RST");
    EXPECT_EQ(broker.ending(), "FIN");
}

TEST_F(fault_proxy_test, stall_holds_new_connections_whose_packets_cannot_be_seen) {
    for (const silence how : {silence::held, silence::dropped}) {
        fault_proxy of_anything(socket_path_, content::anything);
        of_anything.stall({}, how);
        raw_socket client(try_connect("127.0.0.1", of_anything.port()));
        raw_socket broker = accept_at_broker();
        client.send("hello");
        EXPECT_EQ(broker.ending(100ms), "silence");
        of_anything.heal();
        broker.limit(5s);
        if (how == silence::held)
            EXPECT_EQ(broker.receive(5), "hello");
        else
            EXPECT_EQ(client.ending(), "RST");
    }
}

TEST_F(fault_proxy_test, refuses_and_accepts_again_on_the_same_port) {
    CONNECTED_PAIR;
    const std::uint16_t port = proxy.port();
    proxy.refuse();
    EXPECT_EQ(try_connect(), -1);
    pair.client.send(publish_7);
    EXPECT_EQ(pair.broker.receive(9), publish_7);  // present connections live on
    proxy.accept();
    both_ends another{connect_client(), accept_at_broker()};
    EXPECT_EQ(proxy.port(), port);
}

TEST_F(fault_proxy_test, mute_path_accepts_and_says_nothing_until_healed) {
    proxy.set_path("a", {.mute = true});
    raw_socket client = connect_client();
    raw_socket broker = accept_at_broker();
    client.send(connect_v3);
    EXPECT_EQ(broker.ending(100ms), "silence");
    EXPECT_EQ(client.ending(10ms), "silence");
    proxy.heal("a");
    broker.limit(5s);
    EXPECT_EQ(broker.receive(connect_v3.size()), connect_v3);
}

TEST_F(fault_proxy_test, delays_each_way) {
    proxy.set_path("", {.delay = 100ms});
    const auto begin = std::chrono::steady_clock::now();
    CONNECTED_PAIR;
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms);
}

TEST_F(fault_proxy_test, limits_the_bandwidth) {
    CONNECTED_PAIR;
    proxy.set_path("a", {.bytes_per_second = 100'000});
    const std::string large = "\x30\xA0\x9C\x01\x00\x01t"s + std::string(20'000 - 3, 'x');
    const auto begin = std::chrono::steady_clock::now();
    pair.client.send(large);
    EXPECT_EQ(pair.broker.receive(large.size()), large);
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(took, 150ms);
    EXPECT_LE(took, 2s);
}

// A large PUBLISH of this many bytes in all.
std::string large_publish(std::size_t size) {
    const std::size_t rest = size - 5;
    std::string bytes = "\x30"s;
    for (int shift = 0; shift < 28; shift += 7)
        bytes += static_cast<char>((rest >> shift & 0x7F) | (shift < 21 ? 0x80u : 0u));
    bytes += "\x00\x01t"s;
    return bytes + std::string(size - bytes.size(), 'x');
}

TEST_F(fault_proxy_test, delays_without_limiting_the_throughput) {
    CONNECTED_PAIR;
    proxy.set_path("a", {.delay = 200ms});
    const std::string large = large_publish(4u << 20);
    const auto begin = std::chrono::steady_clock::now();
    std::thread sender([&] { pair.client.send(large); });
    EXPECT_EQ(pair.broker.receive(large.size()), large);
    sender.join();
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(took, 200ms);
    EXPECT_LE(took, 5s);  // 16 KiB in each 200 ms would be 50 s
}

TEST_F(fault_proxy_test, holds_back_the_sender_of_a_slow_path_however_long_it_is) {
    for (const auto delay : {0ms, 200ms}) {
        CONNECTED_PAIR;
        proxy.set_path("a", {.delay = delay, .bytes_per_second = 100'000});
        pair.client.send_buffer(64 * 1024);
        EXPECT_LT(pair.client.send_what_is_taken(large_publish(16u << 20), 500ms), 512u * 1024);
    }
}

TEST_F(fault_proxy_test, holds_back_the_sender_to_a_receiver_that_does_not_read_however_long_the_path_is) {
    CONNECTED_PAIR;
    proxy.set_path("a", {.delay = 20ms});
    pair.client.send_buffer(64 * 1024);
    const std::string first = large_publish(16u << 20);
    (void)pair.client.send_what_is_taken(first, 1s);
    EXPECT_EQ(pair.client.send_what_is_taken(first, 500ms), 0u);
}

TEST_F(fault_proxy_test, drops_what_the_rule_says_and_passes_the_rest) {
    CONNECTED_PAIR;
    const auto id = proxy.add({.client = "a", .to = toward::client, .type = packet_type::puback, .skip = 1});
    pair.broker.send(puback_7 + puback_8 + suback_9);
    EXPECT_EQ(pair.client.receive(9), puback_7 + suback_9);
    EXPECT_EQ(proxy.applied(id), 1u);
    pair.broker.send(puback_8);
    EXPECT_EQ(pair.client.receive(4), puback_8);  // used up
}

TEST_F(fault_proxy_test, withholds_until_released) {
    CONNECTED_PAIR;
    const auto id = proxy.add({.to = toward::client, .type = packet_type::puback, .what = action::withhold});
    pair.broker.send(puback_7 + puback_8);
    EXPECT_EQ(pair.client.receive(4), puback_8);
    proxy.release(id);
    EXPECT_EQ(pair.client.receive(4), puback_7);
}

TEST_F(fault_proxy_test, lets_others_overtake_a_late_packet) {
    CONNECTED_PAIR;
    proxy.add({.to = toward::client, .type = packet_type::puback, .what = action::late, .by = 50ms});
    pair.broker.send(puback_7 + puback_8);
    EXPECT_EQ(pair.client.receive(8), puback_8 + puback_7);
}

TEST_F(fault_proxy_test, duplicates_refuses_and_injects_acknowledgements) {
    CONNECTED_PAIR;
    proxy.add({.to = toward::client, .type = packet_type::puback, .what = action::duplicate});
    proxy.add({.to = toward::client, .type = packet_type::suback, .what = action::refuse});
    pair.broker.send(puback_7 + suback_9);
    EXPECT_EQ(pair.client.receive(13), puback_7 + puback_7 + "\x90\x03\x00\x09\x80"s);
    proxy.inject("a", make_acknowledgement(packet_type::puback, 0x1234));
    EXPECT_EQ(pair.client.receive(4), "\x40\x02\x12\x34"s);
}

TEST_F(fault_proxy_test, swallows_a_publish_behind_an_acknowledgement_of_its_own) {
    CONNECTED_PAIR;
    proxy.add({.type = packet_type::publish, .what = action::swallow, .topic = "t"});
    pair.client.send(publish_7 + publish_8);
    EXPECT_EQ(pair.client.receive(4), puback_7);
    EXPECT_EQ(pair.broker.receive(9), publish_8);
}

TEST_F(fault_proxy_test, cuts_a_connection_in_the_middle_of_a_packet) {
    CONNECTED_PAIR;
    proxy.add({.type = packet_type::publish, .what = action::cut_reset});
    pair.client.send(publish_7);
    EXPECT_EQ(pair.client.ending(), "RST");
    EXPECT_EQ(pair.broker.receive(100), publish_7.substr(0, 4));

    both_ends second{connect_client(), accept_at_broker()};
    proxy.add({.to = toward::client, .type = packet_type::puback, .what = action::cut_finish});
    second.broker.send(puback_7);
    EXPECT_EQ(second.client.receive(100), puback_7.substr(0, 2));
}

TEST_F(fault_proxy_test, corrupts_the_bit_that_it_was_told_to) {
    CONNECTED_PAIR;
    proxy.add({.what = action::corrupt, .bit = 8 * 7 + 7});  // the last bit of the eighth byte: 'h' becomes 'i'
    proxy.add({.what = action::corrupt, .bit = 8 * 9});      // there are nine bytes: the first bit of all
    pair.client.send(publish_7 + publish_8);
    EXPECT_EQ(pair.broker.receive(9), "\x32\x07\x00\x01t\x00\x07ii"s);
    EXPECT_EQ(pair.broker.receive(9), "\xB2\x07\x00\x01t\x00\x08ho"s);
}

TEST_F(fault_proxy_test, stands_before_a_broker_on_tcp_as_well) {
    fault_proxy before_proxy({.host = "127.0.0.1", .port = proxy.port()}, {.address = "127.0.0.2"});
    raw_socket client(try_connect("127.0.0.2", before_proxy.port()));
    raw_socket broker = accept_at_broker();
    client.send(connect_v3);
    EXPECT_EQ(broker.receive(connect_v3.size()), connect_v3);
    EXPECT_EQ(before_proxy.connections("a"), 1u);
    EXPECT_EQ(proxy.connections("a"), 1u);
}

TEST_F(fault_proxy_test, says_why_it_cannot_stand_there) {
    const listening_address taken{.port = proxy.port()};
    EXPECT_THROW(fault_proxy({.unix_socket = socket_path_}, taken), std::system_error);
    EXPECT_THROW(fault_proxy({.unix_socket = socket_path_}, {.address = "nowhere"}), std::system_error);
}

TEST_F(fault_proxy_test, resets_a_client_when_there_is_no_broker) {
    std::filesystem::remove(socket_path_);
    raw_socket client = connect_client();
    EXPECT_EQ(client.ending(), "RST");
}

}  // namespace
}  // namespace mqtt_as::test
