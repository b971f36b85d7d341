// TCP and Unix sockets.
#include "src/asio/transport/socket_transport.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <functional>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <utility>

namespace mqtt_as::detail {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

bool is_unix(const stream_endpoint& endpoint) { return endpoint.data()->sa_family == AF_UNIX; }

tcp::endpoint tcp_of(const stream_endpoint& endpoint) {
    tcp::endpoint result;
    result.resize(endpoint.size());
    std::memcpy(result.data(), endpoint.data(), endpoint.size());
    return result;
}

std::string text_of(const stream_endpoint& endpoint, std::string_view path) {
    if (is_unix(endpoint)) return std::string(path);
    const tcp::endpoint tcp = tcp_of(endpoint);
    const std::string address = tcp.address().to_string();
    return (tcp.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(tcp.port());
}

/// How long after the network's return a packet may still be lost for no other reason.
constexpr std::chrono::seconds network_settles{3};

/// How Linux says that a non-blocking call has to wait.
bool is_would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

socket_transport::socket_transport(executor_handle executor, epoch e, const socket_target& target, address_book& book,
                                   std::shared_ptr<transport_events> owner)
    : executor_(std::move(executor)), epoch_(e), target_(target), book_(book), owner_(std::move(owner)) {}

// ---- opening ----------------------------------------------------------------------------------------------

void socket_transport::open() {
    if (!target_.unix_socket.empty())
        return run({stream_endpoint(asio::local::stream_protocol::endpoint(target_.unix_socket))});
    boost::system::error_code error;
    const auto numeric = asio::ip::make_address(target_.host, error);
    if (!error) return run(addresses{numeric});
    resolve(std::string(target_.host));
}

void socket_transport::resolve(const std::string& name) {
    owner_->on_stage(epoch_, stage::resolve);
    if (book_.running) {
        // A look-up that was late for an earlier attempt. Its answer, if it is there by now, is young enough.
        if (const auto answer = book_.running->take_answer()) {
            book_.running.reset();
            if (answer->error == 0) return run(book_.last = answer->found);
        }
    }
    begin_lookup(name);
    if (book_.last.empty() && !book_.last_good) return;
    patience_ = std::make_unique<steady_timer>(io_executor(executor_.get()), target_.patience);
    patience_->async_wait(wait_handler::calling<&socket_transport::on_patience_over>(shared_from_this()));
}

void socket_transport::on_patience_over(boost::system::error_code cancelled) {
    if (!cancelled && owner_ && !race_ && !socket_) run_old_addresses();
}

void socket_transport::begin_lookup(const std::string& name) {
    const auto tell = [executor = *executor_, weak = weak_from_this()] {
        asio::post(executor, std::function<void()>([weak] {
                       if (const auto self = weak.lock()) self->on_answer();
                   }));
    };
    if (book_.running && book_.running->listen(tell)) return;
    book_.running = lookup::begin(name, tell);
}

void socket_transport::on_answer() {
    if (!owner_ || !book_.running) return;
    const auto answer = book_.running->take_answer();
    if (!answer) return;
    book_.running.reset();
    if (answer->error == 0) book_.last = answer->found;
    if (race_ || socket_) return;  // patience has ended before; the answer is for the next attempt
    patience_.reset();
    if (answer->error == 0) return run(answer->found);
    if (!run_old_addresses()) fail(errc::resolve_failed, answer->error);
}

bool socket_transport::run_old_addresses() {
    addresses old = book_.last;
    if (book_.last_good && std::find(old.begin(), old.end(), *book_.last_good) == old.end()) {
        old.insert(old.begin(), *book_.last_good);
    }
    if (old.empty()) return false;
    run(old);
    return true;
}

void socket_transport::run(const addresses& found) {
    std::vector<stream_endpoint> endpoints;
    for (const auto& address : interleaved(found))
        endpoints.push_back(stream_endpoint(tcp::endpoint(address, target_.port)));
    run(std::move(endpoints));
}

void socket_transport::run(std::vector<stream_endpoint> endpoints) {
    const auto owner = owner_;  // it may close us
    owner->on_stage(epoch_, stage::connect);
    if (!owner_) return;
    const bool in_a_hurry = std::chrono::steady_clock::now() - book_.network_back < network_settles;
    race_ = std::make_shared<race>(executor_, std::move(endpoints), weak_from_this(), in_a_hurry);
    race_->start();
}

void socket_transport::on_trying(const stream_endpoint& endpoint) { address_ = text_of(endpoint, target_.unix_socket); }

void socket_transport::on_lost(int error) { fail(errc::connect_failed, error); }

void socket_transport::on_won(stream_socket socket, const stream_endpoint& endpoint) {
    if (!owner_) return;
    address_ = text_of(endpoint, target_.unix_socket);
    socket_ = std::move(socket);
    race_.reset();
    patience_.reset();
    if (!is_unix(endpoint)) {
        book_.last_good = tcp_of(endpoint).address();
        const int yes = 1;
        ::setsockopt(socket_->native_handle(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    const auto owner = owner_;  // it may close us
    owner->on_opened(epoch_);
}

void socket_transport::fail(errc error, int number) {
    const auto owner = owner_;
    close();
    if (owner) owner->on_failed(epoch_, error, number);
}

void socket_transport::close() noexcept {
    if (!owner_) return;
    owner_.reset();
    book_.detach();
    patience_.reset();
    if (race_) race_->cancel();
    if (socket_) {
        boost::system::error_code ignored;
        socket_->shutdown(stream_socket::shutdown_both, ignored);
        socket_->close(ignored);
    }
}

// ---- moving bytes -----------------------------------------------------------------------------------------

io_result socket_transport::read(std::span<std::uint8_t> into) noexcept {
    if (!socket_ || !owner_) return {.now = io_result::state::closed};
    for (;;) {
        const ssize_t n = ::recv(socket_->native_handle(), into.data(), into.size(), MSG_DONTWAIT);
        if (n > 0) {
            owes_answer_ = true;
            return {.size = static_cast<std::size_t>(n)};
        }
        if (n == 0) return {.now = io_result::state::closed};
        if (is_would_block(errno)) return {.now = io_result::state::would_block};
        if (errno != EINTR) return {.now = io_result::state::failed, .error = errno};
    }
}

io_result socket_transport::write(std::span<const bytes> from) noexcept {
    if (!socket_ || !owner_) return {.now = io_result::state::closed};
    std::array<iovec, 64> pieces;
    std::size_t total = 0;
    const std::size_t count = std::min(from.size(), pieces.size());
    for (std::size_t i = 0; i < count; ++i) {
        pieces[i] = {const_cast<std::uint8_t*>(from[i].data()), from[i].size()};
        total += from[i].size();
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    for (;;) {
        const ssize_t n = ::sendmsg(socket_->native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            const auto size = static_cast<std::size_t>(n);
            owes_answer_ = false;
            return {.size = size, .now = size < total ? io_result::state::would_block : io_result::state::done};
        }
        if (is_would_block(errno)) return {.now = io_result::state::would_block};
        if (errno != EINTR) return {.now = io_result::state::failed, .error = errno};
    }
}

/// Before it waits, what was read is acknowledged, where no bytes of ours carry that. A peer with Nagle's algorithm, as
/// Mosquitto by default, holds its next small packet back until then, and our kernel would take 40 ms for it.
void socket_transport::wait_readable() {
    if (std::exchange(owes_answer_, false) && target_.unix_socket.empty()) {
        const int yes = 1;
        ::setsockopt(socket_->native_handle(), IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
    }
    socket_->async_wait(stream_socket::wait_read,
                        wait_handler::calling<&socket_transport::on_readable>(shared_from_this()));
}

void socket_transport::wait_writable() {
    socket_->async_wait(stream_socket::wait_write,
                        wait_handler::calling<&socket_transport::on_writable>(shared_from_this()));
}

void socket_transport::on_readable(boost::system::error_code) {
    if (const auto owner = owner_) owner->on_readable(epoch_);
}

void socket_transport::on_writable(boost::system::error_code) {
    if (const auto owner = owner_) owner->on_writable(epoch_);
}

std::size_t socket_transport::unacknowledged() noexcept {
    int size = 0;
    if (!socket_ || ::ioctl(socket_->native_handle(), SIOCOUTQ, &size) != 0) return 0;
    return static_cast<std::size_t>(size);
}

std::optional<connection_ends> socket_transport::ends() const {
    if (!socket_) return std::nullopt;
    boost::system::error_code error;
    const auto own = socket_->local_endpoint(error);
    if (error || is_unix(own)) return std::nullopt;
    const auto server = socket_->remote_endpoint(error);
    if (error) return std::nullopt;
    return connection_ends{tcp_of(own).address(), tcp_of(server).address()};
}

}  // namespace mqtt_as::detail
