// Racing the addresses of a server.
#include "src/asio/transport/race.hpp"

#include <boost/asio/post.hpp>
#include <cerrno>
#include <functional>
#include <sys/socket.h>
#include <utility>

namespace mqtt_as::detail {

namespace {

/// What is known at once; 0: the socket will be writable when it is connected, or has failed.
int begin_to_connect(stream_socket& socket, const stream_endpoint& endpoint) {
    boost::system::error_code error;
    socket.open(stream_protocol(endpoint.protocol().family(), endpoint.protocol().protocol()), error);
    if (!error) socket.non_blocking(true, error);
    if (error) return error.value();
    const int result = ::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));
    return result == 0 || errno == EINPROGRESS ? 0 : errno;
}

int error_of(stream_socket& socket) {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

race::race(executor_handle executor, std::vector<stream_endpoint> endpoints, std::weak_ptr<listener> l, bool in_a_hurry)
    : executor_(std::move(executor)), endpoints_(std::move(endpoints)), listener_(std::move(l)),
      in_a_hurry_(in_a_hurry), runs_(endpoints_.size() * (in_a_hurry ? 2 : 1)) {
    runners_.reserve(runs_ + (in_a_hurry ? 1 : 0));  // one is retried
}

void race::start() { next(); }

void race::cancel() noexcept {
    over_ = true;
    timer_.reset();
    boost::system::error_code ignored;
    for (runner& r : runners_) r.socket.close(ignored);
}

void race::next() {
    if (runners_.size() == runs_) return;
    const std::size_t number = runners_.size() / (in_a_hurry_ ? 2 : 1);
    const stream_endpoint& to = number < endpoints_.size() ? endpoints_[number] : *retried_;
    start(runners_.emplace_back(*this, to, stream_socket(io_executor(executor_.get()))));
    if (runners_.size() < runs_) {
        if (!timer_) timer_ = std::make_unique<steady_timer>(io_executor(executor_.get()));
        timer_->expires_after(in_a_hurry_ ? repeat_after : stagger);
        timer_->async_wait(wait_handler::calling<&race::on_timer>(shared_from_this()));
    }
}

void race::on_timer(boost::system::error_code error) {
    if (!error && !over_) next();
}

void race::start(runner& one) {
    if (const auto who = listener_.lock()) who->on_trying(one.to);
    ++running_;
    const std::shared_ptr<runner> kept(shared_from_this(), &one);
    if (const int error = begin_to_connect(one.socket, one.to); error == 0) {
        one.socket.async_wait(stream_socket::wait_write, wait_handler::calling<&runner::on_writable>(kept));
    } else {
        boost::asio::post(*executor_, std::function<void()>([kept, error] { kept->of.arrived(*kept, error); }));
    }
}

void race::runner::on_writable(boost::system::error_code failed) {
    of.arrived(*this, failed ? failed.value() : error_of(socket));
}

void race::arrived(runner& one, int error) {
    if (over_) return;
    --running_;
    if (error != 0) return fail_one(one, error);
    stream_socket winner = std::move(one.socket);
    cancel();
    if (const auto who = listener_.lock()) who->on_won(std::move(winner), one.to);
}

void race::fail_one(runner& one, int error) {
    if (first_error_ == 0) first_error_ = error;
    if (in_a_hurry_ && error == EHOSTUNREACH && retried_ == nullptr) {
        retried_ = &one.to;
        ++runs_;
    }
    if (runners_.size() < runs_) return next();
    if (running_ != 0) return;
    cancel();
    if (const auto who = listener_.lock()) who->on_lost(first_error_);
}

}  // namespace mqtt_as::detail
