// What a user who goes without a client compiles: plain Asio, a name resolved, connected, written, read, and a timer.
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <iostream>

using boost::asio::ip::tcp;
using boost::system::error_code;

int main() {
    boost::asio::io_context loop;
    tcp::resolver resolver(loop);
    tcp::socket socket(loop);
    boost::asio::steady_timer timer(loop, std::chrono::seconds(5));
    std::array<char, 1024> in;
    resolver.async_resolve("localhost", "1883", [&](error_code error, const tcp::resolver::results_type& found) {
        if (error) return;
        boost::asio::async_connect(socket, found, [&](error_code failed, const tcp::endpoint&) {
            if (failed) return;
            boost::asio::async_write(socket, boost::asio::buffer("hello", 5), [&](error_code, std::size_t) {
                socket.async_read_some(boost::asio::buffer(in), [&](error_code, std::size_t size) {
                    std::cout.write(in.data(), static_cast<std::streamsize>(size));
                });
            });
        });
    });
    timer.async_wait([&](error_code) { socket.close(); });
    loop.run();
}
