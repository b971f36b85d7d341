// An epoll inside Asio's epoll.
#include "tools/mqtt-as/readiness.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <sys/epoll.h>
#include <system_error>

namespace mqtt_as::cli {

namespace asio = boost::asio;

readiness::readiness(asio::io_context& context, int descriptor, std::uint32_t events)
    : descriptor_(descriptor), events_(events), epoll_(context) {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) throw std::system_error(errno, std::system_category(), "epoll");
    epoll_.assign(epoll);
}

task<> readiness::wait() {
    epoll_event event{};
    event.events = events_;
    if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, descriptor_, &event) != 0 && events_ != 0) {
        // A file (EPERM), or closed (EBADF, which reading or writing will report). Others get their turn first.
        co_await asio::post(asio::use_awaitable);
        co_return;
    }
    struct removal {
        readiness& what;
        ~removal() { ::epoll_ctl(what.epoll_.native_handle(), EPOLL_CTL_DEL, what.descriptor_, nullptr); }
    } removed_at_end{*this};
    co_await epoll_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
}

}  // namespace mqtt_as::cli
