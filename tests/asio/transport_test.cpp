// The race of addresses, and names that take their time.
#include "src/asio/transport/race.hpp"
#include "src/asio/transport/resolver.hpp"
#include "src/asio/transport/socket_transport.hpp"
#include "tests/asio/scripted_server.hpp"
#include "tests/support/names.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <future>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/socket.h>
#include <thread>

namespace mqtt_as::detail {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using front_test::scripted_server;

/// A port where connecting hangs: its queue of connections is full, further SYNs are dropped.
class dead_port {
public:
    dead_port() : acceptor_(loop_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0), false) {
        acceptor_.listen(0);
        for (int i = 0; i < 4; ++i) {
            auto& s = fillers_.emplace_back(loop_);
            s.open(tcp::v4());
            s.non_blocking(true);
            const tcp::endpoint to = endpoint();  // Asio's own connect would wait
            ::connect(s.native_handle(), to.data(), static_cast<socklen_t>(to.size()));
        }
        std::this_thread::sleep_for(20ms);
    }
    tcp::endpoint endpoint() { return acceptor_.local_endpoint(); }

private:
    boost::asio::io_context loop_;
    tcp::acceptor acceptor_;
    std::vector<tcp::socket> fillers_;
};

/// Who listens to a race.
struct outcome final : race::listener {
    void on_trying(const stream_endpoint&) override {}
    void on_won(stream_socket socket, const stream_endpoint&) override {
        const auto remote = socket.remote_endpoint();
        winner.emplace();
        winner->resize(remote.size());
        std::memcpy(winner->data(), remote.data(), remote.size());
    }
    void on_lost(int number) override { error = number; }

    std::optional<tcp::endpoint> winner;
    int error = 0;
    std::chrono::milliseconds took{0};
};

/// A loop whose executor lives as long as whoever uses it.
struct shared_loop {
    boost::asio::io_context loop;
    executor_handle executor = std::make_shared<const boost::asio::any_io_executor>(loop.get_executor());
};

outcome run_race(std::vector<tcp::endpoint> endpoints) {
    shared_loop l;
    const auto result = std::make_shared<outcome>();
    std::vector<stream_endpoint> generic(endpoints.begin(), endpoints.end());
    const auto r = std::make_shared<race>(l.executor, std::move(generic), result);
    const auto begin = std::chrono::steady_clock::now();
    r->start();
    l.loop.run_for(5s);
    result->took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    return *result;
}

tcp::endpoint local(std::uint16_t port) { return {boost::asio::ip::address_v4::loopback(), port}; }

TEST(race, a_dead_first_address_costs_a_quarter_of_a_second) {
    scripted_server server({[](front_test::peer& p) { p.read(); }});
    dead_port dead;
    const outcome o = run_race({dead.endpoint(), local(server.port())});
    ASSERT_TRUE(o.winner);
    EXPECT_EQ(o.winner->port(), server.port());
    EXPECT_GE(o.took, 240ms);
    EXPECT_LT(o.took, 1s);
}

TEST(race, a_refusing_first_address_costs_nothing) {
    const std::uint16_t refused = front_test::port_of_nobody();
    scripted_server server({[](front_test::peer& p) { p.read(); }});
    const outcome o = run_race({local(refused), local(server.port())});
    ASSERT_TRUE(o.winner);
    EXPECT_LT(o.took, 200ms);
    EXPECT_EQ(run_race({local(refused), local(refused)}).error, ECONNREFUSED);
}

TEST(race, families_take_turns) {
    using boost::asio::ip::make_address;
    const addresses sorted{make_address("::1"), make_address("::2"), make_address("::3"), make_address("10.0.0.1")};
    const addresses expected{make_address("::1"), make_address("10.0.0.1"), make_address("::2"), make_address("::3")};
    EXPECT_EQ(interleaved(sorted), expected);
}

TEST(lookup, answers_off_the_loop_and_tells_nobody_who_has_left) {
    MQTT_AS_NEEDS_LOCALHOST();
    std::promise<void> told;
    const auto l = lookup::begin("localhost", [&] { told.set_value(); });
    told.get_future().wait();
    const auto answer = l->take_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error, 0);
    EXPECT_FALSE(answer->found.empty());

    std::atomic<bool> wrongly_told{false};
    const auto left = lookup::begin("localhost", [&] { wrongly_told = true; });
    const bool was_in_time = left->listen({});
    for (int i = 0; i < 5'000 && !left->take_answer(); ++i) std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(!was_in_time || !wrongly_told);
}

/// Hears what a transport tells.
struct ear final : transport_events {
    void on_stage(epoch, stage s) override { stages.push_back(s); }
    void on_opened(epoch) override { opened = true; }
    void on_failed(epoch, errc e, int) override { failed = e; }
    void on_readable(epoch) override {}
    void on_writable(epoch) override {}
    std::vector<stage> stages;
    bool opened = false;
    errc failed = errc::ok;
};

/// Whether that opens.
bool opens(socket_transport& transport, const ear& owner, boost::asio::io_context& loop) {
    transport.open();
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!owner.opened && std::chrono::steady_clock::now() < end) loop.run_one_for(20ms), loop.restart();
    return owner.opened;
}

TEST(socket_transport, falls_back_to_the_last_good_address_when_the_name_has_none) {
    scripted_server server({[](front_test::peer& p) { p.read(); }});
    shared_loop l;
    const socket_target target{.host = "no-such-host.invalid", .port = server.port(), .unix_socket = {}};
    address_book book;
    book.last_good = boost::asio::ip::address_v4::loopback();
    const auto owner = std::make_shared<ear>();
    const auto transport = std::make_shared<socket_transport>(l.executor, 1, target, book, owner);
    EXPECT_TRUE(opens(*transport, *owner, l.loop));
    EXPECT_EQ(owner->stages, (std::vector{stage::resolve, stage::connect}));
    transport->close();
}

/// What the kernel thinks of the end of a connection within this process that `peer` is the other end of: 1 when it
/// would acknowledge at once.
int acknowledges_at_once(const tcp::socket& peer) {
    for (int fd = 3; fd < 1024; ++fd) {
        tcp::endpoint own;
        auto size = static_cast<socklen_t>(own.capacity());
        if (::getsockname(fd, own.data(), &size) != 0) continue;
        own.resize(size);
        if (own != peer.remote_endpoint()) continue;
        int value = -1;
        size = sizeof value;
        ::getsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &value, &size);
        return value;
    }
    return -1;
}

// A peer with Nagle's algorithm would wait 40 ms for it before it sends its next small packet.
TEST(socket_transport, acknowledges_what_it_has_read_before_it_waits) {
    shared_loop l;
    tcp::acceptor acceptor(l.loop, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    const socket_target target{.host = "127.0.0.1", .port = acceptor.local_endpoint().port(), .unix_socket = {}};
    address_book book;
    const auto owner = std::make_shared<ear>();
    const auto transport = std::make_shared<socket_transport>(l.executor, 1, target, book, owner);
    ASSERT_TRUE(opens(*transport, *owner, l.loop));
    tcp::socket peer = acceptor.accept();
    std::uint8_t byte = 0;
    const auto end = std::chrono::steady_clock::now() + 10s;
    const auto say = [&] {
        boost::asio::write(peer, boost::asio::buffer("x", 1));
        while (transport->read({&byte, 1}).size == 0 && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(1ms);
    };
    for (int i = 0; i < 5; ++i) {  // a conversation, so that the kernel would rather wait for an answer
        say();
        const bytes answer(&byte, 1);
        transport->write({&answer, 1});
        boost::asio::read(peer, boost::asio::buffer(&byte, 1));
    }
    say();
    transport->wait_readable();
    EXPECT_EQ(acknowledges_at_once(peer), 1);
    transport->close();
}

TEST(socket_transport, a_late_answer_serves_the_next_attempt) {
    MQTT_AS_NEEDS_LOCALHOST();
    scripted_server server({[](front_test::peer& p) { p.read(); }});
    shared_loop l;
    boost::asio::io_context& loop = l.loop;
    const socket_target target{.host = "localhost", .port = server.port(), .unix_socket = {}};
    address_book book;
    {
        const auto owner = std::make_shared<ear>();
        const auto given_up = std::make_shared<socket_transport>(l.executor, 1, target, book, owner);
        given_up->open();
        given_up->close();
        loop.poll();
        EXPECT_FALSE(owner->opened);
    }
    ASSERT_TRUE(book.running);
    while (book.running->listen({})) std::this_thread::sleep_for(1ms);  // until the answer is there
    const auto owner = std::make_shared<ear>();
    const auto transport = std::make_shared<socket_transport>(l.executor, 2, target, book, owner);
    loop.restart();
    transport->open();
    EXPECT_EQ(owner->stages, (std::vector{stage::resolve, stage::connect}));  // without waiting for anything
    transport->close();
}

}  // namespace
}  // namespace mqtt_as::detail
