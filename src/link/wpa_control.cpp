// The datagrams of wpa_supplicant's control interface.
#include "src/link/wpa_control.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <utility>

namespace mqtt_as::detail {

namespace asio = boost::asio;
using asio::local::datagram_protocol;

wpa_control::wpa_control(const asio::any_io_executor& executor, listener heard)
    : socket_(executor), listener_(std::move(heard)) {}

std::string wpa_control::find(const std::string& folder, const std::string& interface) {
    const std::filesystem::path in(folder);
    if (!interface.empty()) return in / interface;
    std::error_code error;
    std::string first;
    using std::filesystem::directory_iterator;
    for (auto entry = directory_iterator(in, error); !error && entry != directory_iterator(); entry.increment(error)) {
        const std::string name = entry->path().filename();
        if (name.starts_with("p2p-dev-") || !entry->is_socket(error)) continue;  // not a station's
        if (first.empty() || entry->path().string() < first) first = entry->path();
    }
    return first.empty() ? (in / "*").string() : first;
}

boost::system::error_code wpa_control::open(const std::string& path) {
    boost::system::error_code error;
    if (path.size() >= sizeof(sockaddr_un::sun_path)) return asio::error::name_too_long;
    if (socket_.open(datagram_protocol(), error)) return error;
    // Answers come to our own address. The kernel chooses one that is no file: nothing is left behind.
    const sa_family_t any = AF_UNIX;
    if (::bind(socket_.native_handle(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0) {
        return {errno, boost::system::system_category()};
    }
    if (socket_.connect(datagram_protocol::endpoint(path), error) || socket_.non_blocking(true, error)) return error;
    receive();
    return {};
}

void wpa_control::ask(const std::string& command, std::function<void(std::string_view)> answer) {
    waiting_.push_back(std::move(answer));
    boost::system::error_code error;
    socket_.send(asio::buffer(command), 0, error);
    if (!error) return;
    asio::post(socket_.get_executor(), [self = shared_from_this(), error] {
        if (self->listener_.lost) std::exchange(self->listener_, {}).lost(error);
    });
}

void wpa_control::tell(const std::string& command) {
    waiting_.emplace_back();  // there is an answer all the same
    boost::system::error_code ignored;
    socket_.send(asio::buffer(command), 0, ignored);
}

void wpa_control::close() noexcept {
    listener_ = {};
    waiting_.clear();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

void wpa_control::receive() {
    socket_.async_receive(asio::buffer(buffer_),
                          [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
                              if (!self->listener_.event) return;
                              if (error) return std::exchange(self->listener_, {}).lost(error);
                              self->on_datagram(std::string_view(self->buffer_.data(), size));
                              if (self->socket_.is_open()) self->receive();
                          });
}

void wpa_control::on_datagram(std::string_view text) {
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    if (!text.empty() && text.front() == '<') {
        const auto level_end = text.find('>');
        const auto event = listener_.event;
        return event(level_end == std::string_view::npos ? text : text.substr(level_end + 1));
    }
    if (waiting_.empty()) return;
    const auto answer = std::move(waiting_.front());
    waiting_.pop_front();
    if (answer) answer(text);
}

}  // namespace mqtt_as::detail
