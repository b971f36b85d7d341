// Waits until standard input or output is ready, and changes nothing about it.
//
// Asio would set O_NONBLOCK on the descriptor, and with it on the terminal or pipe that we share with the shell and
// with other programs. So each descriptor gets an epoll of its own, and Asio waits for that one.
#pragma once

#include "mqtt_as/asio/task.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>

namespace mqtt_as::cli {

class readiness {
public:
    /// `events` are epoll's: EPOLLIN, EPOLLOUT, or 0 for the end of the other side alone.
    readiness(boost::asio::io_context& context, int descriptor, std::uint32_t events);

    /// Files are always ready, except for their other side's end, which never comes.
    task<> wait();

private:
    int descriptor_;
    std::uint32_t events_;
    boost::asio::posix::stream_descriptor epoll_;
};

}  // namespace mqtt_as::cli
