// Segments, silence, cuts and ends: see network.hpp.
#include "tests/sim/network.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_as::sim {
namespace {

constexpr std::size_t gone_remembered_max = 32;
constexpr int refused_number = 111, reset_number = 104, unreachable_number = 101, no_such_name = -2;
constexpr std::size_t largest_segment = 16u << 10;

}  // namespace

network::network(schedule& time, random_source random, tally& t, broker& b, network_options options)
    : time_(time), random_(random), tally_(t), broker_(b), options_(options) {
    broker_.send = [this](connection_id id, byte_string data) { queue(id, false, std::move(data)); };
    broker_.hang_up = [this](connection_id id, bool reset) { queue(id, false, {}, true, reset); };
}

// ---- opening ------------------------------------------------------------------------------------

void network::open(epoch e) {
    forget_old();
    connections_[e];
    current_ = e;
    notices_.push_back({.what = notice::kind::stage, .e = e, .at = stage::resolve});
    wake();
    time_.after(options_.resolve_ms, [this, e] { connect(e); });
}

/// Connections that neither side can hear of any more.
void network::forget_old() {
    if (connections_.size() < gone_remembered_max) return;
    std::erase_if(connections_, [](const auto& each) {
        const connection& c = each.second;
        const bool is_quiet = !c.broker_has_it && c.up.segments.empty() && c.down.segments.empty();
        return c.client == connection::state::closed && (is_quiet || c.silent_until == never);
    });
}

network::connection* network::find(epoch e) {
    const auto at = connections_.find(e);
    return at == connections_.end() ? nullptr : &at->second;
}

void network::connect(epoch e) {
    const connection* c = find(e);
    if (c == nullptr || c->client != connection::state::opening) return;
    if (resolve_fails_) {
        tally_.happened(fault::resolve_failed);
        return report_closed(e, errc::resolve_failed, no_such_name);
    }
    notices_.push_back({.what = notice::kind::stage, .e = e, .at = stage::connect});
    wake();
    try_to_open(e);
}

/// A SYN. One that is lost is repeated after 1, 3, 7... seconds, as the kernel does.
void network::try_to_open(epoch e) {
    connection* const found = find(e);
    if (found == nullptr || found->client != connection::state::opening) return;
    connection& c = *found;
    if (!link_up_) return report_closed(e, errc::connect_failed, unreachable_number);
    if (unreachable_) {
        if (c.attempts == 0) tally_.happened(fault::unreachable);
        time_.after(1'000u << c.attempts++, [this, e] { try_to_open(e); });
        return;
    }
    time_.after(2 * options_.latency_ms, [this, e] {
        connection* const opening = find(e);
        if (opening == nullptr || opening->client != connection::state::opening) return;
        if (refusing_) {
            tally_.happened(fault::refused);
            return report_closed(e, errc::connect_failed, refused_number);
        }
        if (options_.tls_ms > 0) return secure(e);
        establish(e, *opening);
    });
}

/// The handshake of TLS: it takes its time, and may fail at its end.
void network::secure(epoch e) {
    notices_.push_back({.what = notice::kind::stage, .e = e, .at = stage::tls});
    wake();
    if (slow_tls_ms_ > 0) tally_.happened(fault::slow_tls);
    time_.after(options_.tls_ms + slow_tls_ms_, [this, e] {
        connection* const opening = find(e);
        if (opening == nullptr || opening->client != connection::state::opening) return;
        if (tls_fails_ || refusing_ || unreachable_ || !link_up_) {
            if (tls_fails_) tally_.happened(fault::tls_failed);
            return report_closed(e, errc::tls_failed, 0);
        }
        establish(e, *opening);
    });
}

void network::establish(epoch e, connection& c) {
    c.client = connection::state::open;
    c.broker_has_it = true;
    broker_.accepted(e);
    notices_.push_back({.what = notice::kind::opened, .e = e});
    wake();
}

// ---- the client's side ----------------------------------------------------------------------------

void network::report_closed(epoch e, errc error, int transport_error) {
    connection* const c = find(e);
    if (c == nullptr || c->client == connection::state::closed) return;
    c->client = connection::state::closed;
    c->inbox.clear();
    c->inbox_used = 0;
    notices_.push_back({.what = notice::kind::closed, .e = e, .error = error, .transport_error = transport_error});
    wake();
}

void network::close(epoch e) {
    connection* const c = find(e);
    if (c == nullptr) return;
    c->was_closed = true;
    if (c->broker_has_it) queue(e, true, {}, true);
    report_closed(e, errc::connection_closed, 0);
}

bool network::was_closed(epoch e) const {
    const auto at = connections_.find(e);
    return at != connections_.end() && at->second.was_closed;
}

std::optional<notice> network::poll_notice() {
    if (notices_.empty()) return std::nullopt;
    const notice n = notices_.front();
    notices_.pop_front();
    return n;
}

bool network::has_room(epoch e) const {
    const connection* c = current_of(e);
    return c != nullptr && c->up.pending < options_.send_buffer;
}

std::size_t network::write(epoch e, std::span<const bytes> gather) {
    connection* c = current_of(e);
    if (c == nullptr) return 0;
    std::size_t room = options_.send_buffer - std::min(options_.send_buffer, c->up.pending);
    if (room > 0 && random_.chance(options_.split_percent)) {
        room = random_.between(1, std::min<std::size_t>(room, 40));
        tally_.happened(fault::partial_write);
    }
    std::size_t taken = 0;
    for (bytes part : gather) {
        while (!part.empty() && room > 0) {
            const std::size_t n = std::min({part.size(), room, largest_segment});
            queue(e, true, {part.begin(), part.begin() + static_cast<std::ptrdiff_t>(n)});
            part = part.subspan(n);
            room -= n;
            taken += n;
        }
    }
    c->written += taken;
    return taken;
}

bytes network::readable(epoch e) const {
    const connection* c = current_of(e);
    return c == nullptr ? bytes{} : bytes(c->inbox).subspan(c->inbox_used);
}

void network::consume(epoch e, std::size_t n) {
    connection* c = current_of(e);
    if (c == nullptr) return;
    c->inbox_used += n;
    if (c->inbox_used < c->inbox.size()) return;
    c->inbox.clear();
    c->inbox_used = 0;
    if (c->fin_arrived) report_closed(e, errc::connection_closed, 0);
}

std::uint64_t network::acknowledged_bytes(epoch e) const {
    const connection* c = current_of(e);
    return c == nullptr ? 0 : c->up.carried;
}

std::uint64_t network::written(epoch e) const {
    const connection* c = current_of(e);
    return c == nullptr ? 0 : c->written;
}

std::uint64_t network::delivered(epoch e) const {
    const auto at = connections_.find(e);
    return at == connections_.end() ? 0 : at->second.down.carried;
}

/// The connection while the client has it open.
const network::connection* network::current_of(epoch e) const {
    const auto at = connections_.find(e);
    return at == connections_.end() || at->second.client != connection::state::open ? nullptr : &at->second;
}

// ---- segments -----------------------------------------------------------------------------------

void network::queue(epoch e, bool up, byte_string data, bool end, bool reset) {
    const auto found = connections_.find(e);
    if (found == connections_.end()) return;
    pipe& p = up ? found->second.up : found->second.down;
    std::uint64_t slow = 0;
    if (up && options_.bytes_per_ms > 0) slow = data.size() / options_.bytes_per_ms + (data.size() > 0 ? 1 : 0);
    const auto push = [&](byte_string part, bool is_end) {
        const std::uint64_t delay = options_.latency_ms + random_.between(0, options_.jitter_ms);
        p.last_due = std::max({p.last_due + slow, time_.now() + slow + delay});
        p.pending += part.size();
        p.segments.push_back({p.last_due, std::move(part), is_end, reset});
    };
    if (!up && data.size() > 1 && random_.chance(options_.split_percent)) {
        tally_.happened(fault::split_read);
        const auto at = static_cast<std::ptrdiff_t>(random_.between(1, data.size() - 1));
        push({data.begin(), data.begin() + at}, false);
        data.erase(data.begin(), data.begin() + at);
    }
    push(std::move(data), end);
    kick(e, up);
}

/// Arranges for the first segment to arrive, unless it is arranged already or cannot arrive for now.
void network::kick(epoch e, bool up) {
    connection& c = *find(e);
    pipe& p = up ? c.up : c.down;
    if (p.is_scheduled || p.segments.empty() || !link_up_ || c.silent_until == never) return;
    p.is_scheduled = true;
    time_.at(std::max(p.segments.front().due, c.silent_until), [this, e, up] { carry(e, up); });
}

void network::carry(epoch e, bool up) {
    connection* const found = find(e);
    if (found == nullptr) return;
    connection& c = *found;
    pipe& p = up ? c.up : c.down;
    p.is_scheduled = false;
    while (!p.segments.empty() && p.segments.front().due <= time_.now() && time_.now() >= c.silent_until && link_up_) {
        segment s = std::move(p.segments.front());
        p.segments.pop_front();
        p.pending -= s.data.size();
        p.carried += s.data.size();
        arrive(e, c, up, std::move(s));
    }
    kick(e, up);
}

void network::arrive(epoch e, connection& c, bool up, segment s) {
    pipe& p = up ? c.up : c.down;
    bool cut = false;
    if (p.cut_after) {
        cut = s.data.size() >= *p.cut_after;
        if (cut) s.data.resize(*p.cut_after);
        *p.cut_after -= s.data.size();
    }
    if (up) {
        if (c.broker_has_it && !c.is_swallowed && !s.data.empty()) broker_.received(e, s.data);
        if (s.end && std::exchange(c.broker_has_it, false)) broker_.lost(e);
        if (c.client == connection::state::open && wake) wake();
    } else if (c.client == connection::state::open) {
        c.inbox.insert(c.inbox.end(), s.data.begin(), s.data.end());
        if (s.end) c.fin_arrived = true;
        if (s.end && s.reset)
            report_closed(e, errc::connection_closed, reset_number);
        else if (s.end && c.inbox.empty())
            report_closed(e, errc::connection_closed, 0);
        else
            wake();
    }
    if (cut) {
        tally_.happened(up ? fault::cut_upstream : fault::cut_downstream);
        break_off(e, c, up);
    }
}

/// Both ends learn that the connection is over; what is on the way is gone. The client reads what has arrived
/// first, unless it is a reset.
void network::break_off(epoch e, connection& c, bool reset) {
    c.up.segments.clear();
    c.up.pending = 0;
    c.up.cut_after.reset();
    c.down.segments.clear();
    c.down.cut_after.reset();
    if (std::exchange(c.broker_has_it, false)) broker_.lost(e);
    c.down.segments.clear();
    queue(e, false, {}, true, reset);
}

// ---- faults -------------------------------------------------------------------------------------

void network::set_link(bool up) {
    link_up_ = up;
    if (!up) return;
    for (const auto& [e, c] : connections_) {
        kick(e, true);
        kick(e, false);
    }
}

void network::silence_for(std::uint64_t ms) {
    if (connection* c = current_of(current_)) c->silent_until = ms == never ? never : time_.now() + ms;
}

void network::swallow() {
    if (connection* c = current_of(current_)) c->is_swallowed = true;
}

void network::cut_upstream_after(std::uint64_t n) {
    if (connection* c = current_of(current_)) c->up.cut_after = n;
}

void network::cut_downstream_after(std::uint64_t n) {
    if (connection* c = current_of(current_)) c->down.cut_after = n;
}

void network::reset_current() {
    connection* c = current_of(current_);
    if (c == nullptr) return;
    tally_.happened(fault::rst);
    break_off(current_, *c, true);
}

void network::fin_current() {
    connection* c = current_of(current_);
    if (c == nullptr) return;
    tally_.happened(fault::fin);
    break_off(current_, *c, false);
}

void network::abandon_current(bool at_once) {
    connection* const c = find(current_);
    if (c == nullptr) return;
    if (at_once && c->client == connection::state::open) break_off(current_, *c, true);
    close(current_);
    notices_.clear();  // whoever they were for is gone
}

bool network::is_healthy(epoch e) const {
    const connection* c = current_of(e);
    return c != nullptr && link_up_ && !c->is_swallowed && c->silent_until <= time_.now();
}

}  // namespace mqtt_as::sim
