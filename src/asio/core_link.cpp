// The network link: which question it is asked, and what its answers mean for the engine.
#include "src/asio/clock.hpp"
#include "src/asio/core.hpp"
#include "src/asio/transport/socket_transport.hpp"
#include "src/link/rtnetlink_link.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace mqtt_as::detail {

namespace {

/// The server's addresses as far as they are known before a connection is made.
addresses known_addresses(const socket_target& target, const address_book& book) {
    boost::system::error_code error;
    const auto numeric = boost::asio::ip::make_address(target.host, error);
    return error ? book.last : addresses{numeric};
}

}  // namespace

std::shared_ptr<transport> core::make_transport() {
    const auto self = shared_from_this();
    if (world* const w = world::of_this_thread)
        return w->make_transport(executor_, epoch_, settings_.server_text(), self);
    const executor_handle executor(self, &executor_);
    const socket_target& to = settings_.target();
    std::shared_ptr<transport> made;
    if (tls_)
        made = tls_->transports->make(executor, epoch_, to, book_, self);
    else
        made = std::make_shared<socket_transport>(executor, epoch_, to, book_, self);
    if (!network_) return made;
    const bool checks_stability = !quick_ || engine_.count().connections > 0;
    return network_->make(checks_stability, std::move(made), epoch_, self);
}

std::unique_ptr<link> core::make_link() {
    const std::weak_ptr<core> listener = shared_from_this();
    if (world* const w = world::of_this_thread) return w->make_link(executor_, listener);
    return std::make_unique<rtnetlink_link>(executor_, listener);
}

/// At each attempt and at each connection: what the link is asked has changed.
void core::ask_link(lock_type& lock) {
    if (settings_.keys().link == link_kind::none || link_failed_ || !settings_.target().unix_socket.empty()) return;
    link_question q{
        .servers = known_addresses(settings_.target(), book_), .own = std::nullopt, .number = ++link_questions_};
    if (open_) {
        if (const auto ends = transport_->ends()) {
            q.servers = {ends->server};
            q.own = ends->own;
        }
    }
    const auto is_loopback = [](const auto& address) { return address.is_loopback(); };
    const bool needs_none = !q.servers.empty() && std::all_of(q.servers.begin(), q.servers.end(), is_loopback);
    if (needs_none && !link_) return;
    auto watching = std::exchange(link_, nullptr);
    lock.unlock();
    std::string failure;
    try {
        if (!watching) watching = std::make_unique<watched_link>();
        if (!watching->watch) watching->watch = make_link();
        watching->watch->ask(std::move(q));
    } catch (const std::system_error& e) {
        failure = e.what();
    }
    lock.lock();
    if (watching && watching->watch) link_ = std::move(watching);
    if (failure.empty()) return;
    link_failed_ = true;
    note("The network link is not watched: " + failure);
}

/// Nothing of the link may keep the event loop from ending. The network that we joined is left by `close` alone.
void core::drop_link(lock_type& lock) {
    const bool leaves = closed_;
    const auto network = leaves ? std::exchange(network_, nullptr) : network_;
    auto unwatched = std::exchange(link_, nullptr);
    engine_.on_link(boot_time(), true);  // nobody knows better
    lock.unlock();
    unwatched.reset();
    if (network) network->rest();
    if (network && leaves) network->leave();
    lock.lock();
}

void core::on_link(const link_state& s) {
    lock_type lock(mutex_);
    if (!link_) return;
    const link_state before = std::exchange(link_->state, s);
    const time_point now = boot_time();
    if (s.up != before.up) {
        notices_.push_back({.what = s.up ? notice::kind::link_up : notice::kind::link_down, .text = s.text});
    }
    if (s.up) book_.network_back = std::chrono::steady_clock::now();
    if (s.up && !s.keeps_address && s.question == link_questions_) engine_.on_address_lost(now, epoch_);
    if (s.up != before.up || (s.up && s.is_another_way_than(before))) {
        if (open_) upload_.expect_sign(now, sent_, acknowledged_by_peer());
        engine_.on_link(now, s.up);
    }
    collect();
    happened(lock);
}

}  // namespace mqtt_as::detail
