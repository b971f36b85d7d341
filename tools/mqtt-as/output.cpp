// Writes no more than a pipe that says it is writable takes without blocking.
#include "tools/mqtt-as/output.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <poll.h>
#include <sys/epoll.h>
#include <system_error>
#include <unistd.h>

namespace mqtt_as::cli {

namespace {

bool is_writable(int descriptor) {
    pollfd poll{.fd = descriptor, .events = POLLOUT, .revents = 0};
    return ::poll(&poll, 1, 0) > 0;  // an error, too, is for `write` to report
}

}  // namespace

output::output(boost::asio::io_context& context, int descriptor)
    : descriptor_(descriptor), writable_(context, descriptor, EPOLLOUT), broken_(context, descriptor, 0) {}

task<bool> output::flush() {
    std::size_t written = 0;
    while (written < buffer_.size()) {
        if (!is_writable(descriptor_)) co_await writable_.wait();
        // pipe(7): a pipe polls as writable when PIPE_BUF bytes fit.
        const std::size_t size = std::min<std::size_t>(buffer_.size() - written, PIPE_BUF);
        const ssize_t taken = ::write(descriptor_, buffer_.data() + written, size);
        if (taken >= 0) {
            written += static_cast<std::size_t>(taken);
        } else if (errno == EPIPE) {
            co_return false;
        } else if (errno == EINTR || errno == EAGAIN) {
            co_await writable_.wait();  // a signal may be waiting to be handled
        } else {
            throw std::system_error(errno, std::system_category(), "cannot write to standard output");
        }
    }
    buffer_.clear();
    co_return true;
}

task<> output::reader_gone() { co_await broken_.wait(); }

}  // namespace mqtt_as::cli
