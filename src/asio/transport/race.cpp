// Racing the addresses of a server.
#include "src/asio/transport/race.hpp"

#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

namespace mqtt_as::detail {

race::race(const boost::asio::any_io_executor& executor, std::vector<stream_endpoint> endpoints, listener l,
           bool in_a_hurry)
    : executor_(executor), timer_(executor), listener_(std::move(l)), in_a_hurry_(in_a_hurry) {
    for (const auto& endpoint : endpoints) endpoints_.insert(endpoints_.end(), in_a_hurry ? 2 : 1, endpoint);
    runners_.reserve(endpoints_.size() + 1);  // and one that is retried
}

void race::start() { next(); }

void race::cancel() noexcept {
    over_ = true;
    timer_.cancel();
    runners_.clear();
    listener_ = {};
}

void race::next() {
    if (runners_.size() == endpoints_.size()) return;
    const std::size_t runner = runners_.size();
    runners_.emplace_back(executor_);
    start_one(runner);
    if (runners_.size() < endpoints_.size()) {
        timer_.expires_after(in_a_hurry_ ? repeat_after : stagger);
        timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
            if (!error && !self->over_) self->next();
        });
    }
}

void race::start_one(std::size_t runner) {
    const stream_endpoint& endpoint = endpoints_[runner];
    if (listener_.trying) listener_.trying(endpoint);
    ++running_;
    boost::system::error_code error;
    stream_socket& socket = runners_[runner];
    socket.open(boost::asio::generic::stream_protocol(endpoint.protocol().family(), endpoint.protocol().protocol()),
                error);
    if (!error) socket.non_blocking(true, error);
    if (error) {
        boost::asio::post(executor_, [self = shared_from_this(), runner, error] {
            if (!self->over_) self->arrived(runner, error.value());
        });
        return;
    }
    socket.async_connect(endpoint, [self = shared_from_this(), runner](boost::system::error_code result) {
        if (!self->over_) self->arrived(runner, result.value());
    });
}

void race::arrived(std::size_t runner, int error) {
    --running_;
    if (error != 0) return fail_one(runner, error);
    stream_socket winner = std::move(runners_[runner]);
    const stream_endpoint endpoint = endpoints_[runner];
    const auto won = std::move(listener_.won);
    cancel();
    won(std::move(winner), endpoint);
}

void race::fail_one(std::size_t runner, int error) {
    if (first_error_ == 0) first_error_ = error;
    if (in_a_hurry_ && error == EHOSTUNREACH && !std::exchange(retried_, true))
        endpoints_.push_back(stream_endpoint(endpoints_[runner]));
    if (runners_.size() < endpoints_.size()) return next();
    if (running_ != 0) return;
    const auto lost = std::move(listener_.lost);
    cancel();
    lost(first_error_);
}

}  // namespace mqtt_as::detail
