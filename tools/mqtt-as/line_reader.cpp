// Reads blocks, finds newlines. Holds one line and one block at most.
#include "tools/mqtt-as/line_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <sys/epoll.h>
#include <system_error>
#include <unistd.h>

namespace mqtt_as::cli {

namespace {

constexpr std::size_t block_size = 65'536;

}  // namespace

line_reader::line_reader(boost::asio::io_context& context, int descriptor, std::size_t longest)
    : descriptor_(descriptor), longest_(longest), readable_(context, descriptor, EPOLLIN) {}

task<std::optional<std::string>> line_reader::next() {
    for (;;) {
        if (const auto newline = buffer_.find('\n', scanned_); newline != std::string::npos) {
            std::string line = buffer_.substr(begin_, newline - begin_);
            begin_ = scanned_ = newline + 1;
            co_return line;
        }
        scanned_ = buffer_.size();
        if (ended_) {
            if (begin_ == buffer_.size()) co_return std::nullopt;
            std::string line = buffer_.substr(begin_);
            begin_ = buffer_.size();
            co_return line;
        }
        co_await read_more();
    }
}

task<std::string> line_reader::rest() {
    while (!ended_) co_await read_more();
    co_return std::move(buffer_).substr(begin_);
}

task<> line_reader::read_more() {
    buffer_.erase(0, begin_);
    scanned_ -= std::min(scanned_, begin_);
    begin_ = 0;
    if (buffer_.size() > longest_) {
        throw std::runtime_error("the input is too long for a message: MQTT allows " + std::to_string(longest_) +
                                 " bytes");
    }
    co_await readable_.wait();
    const std::size_t kept = buffer_.size();
    buffer_.resize(kept + block_size);
    const ssize_t size = ::read(descriptor_, buffer_.data() + kept, block_size);
    const int error = errno;
    buffer_.resize(kept + static_cast<std::size_t>(size > 0 ? size : 0));
    if (size == 0) ended_ = true;
    if (size < 0 && error != EINTR && error != EAGAIN) {
        throw std::system_error(error, std::system_category(), "cannot read standard input");
    }
}

}  // namespace mqtt_as::cli
