// What a user who goes without a client compiles, with coroutines: plain Asio, a name resolved, connected, written,
// read, and a timer.
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <iostream>

using boost::asio::use_awaitable;
using boost::asio::ip::tcp;

boost::asio::awaitable<void> run(boost::asio::io_context& loop) {
    tcp::resolver resolver(loop);
    tcp::socket socket(loop);
    boost::asio::steady_timer timer(loop, std::chrono::seconds(5));
    std::array<char, 1024> in;
    const auto found = co_await resolver.async_resolve("localhost", "1883", use_awaitable);
    co_await boost::asio::async_connect(socket, found, use_awaitable);
    co_await boost::asio::async_write(socket, boost::asio::buffer("hello", 5), use_awaitable);
    const std::size_t size = co_await socket.async_read_some(boost::asio::buffer(in), use_awaitable);
    std::cout.write(in.data(), static_cast<std::streamsize>(size));
    co_await timer.async_wait(use_awaitable);
}

int main() {
    boost::asio::io_context loop;
    boost::asio::co_spawn(loop, run(loop), boost::asio::detached);
    loop.run();
}
