// Parcels and their moments: see net.hpp.
#include "src/testing/net.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <netdb.h>
#include <stdexcept>

namespace mqtt_as::testing {

namespace {

constexpr std::uint64_t latency_ms = 1;  // each way
constexpr std::size_t send_buffer = 256u << 10;

}  // namespace

// ---- opening ------------------------------------------------------------------------------------

void net::open(const std::shared_ptr<virtual_transport>& t) {
    t->stage_is(stage::resolve);
    time_.after(latency_ms, [this, weak = std::weak_ptr(t)] { try_to_connect(weak); });
}

void net::try_to_connect(const std::weak_ptr<virtual_transport>& weak) {
    const auto t = weak.lock();
    if (!t || !t->is_waiting_for_connection()) return;
    if (!link_up_) return t->failed(errc::connect_failed, ENETUNREACH);
    if (resolving_fails_) return t->failed(errc::resolve_failed, EAI_AGAIN);
    t->stage_is(stage::connect);
    time_.after(2 * latency_ms, [this, weak] {
        const auto opening = weak.lock();
        if (!opening || !opening->is_waiting_for_connection()) return;
        if (!link_up_) return opening->failed(errc::connect_failed, ENETUNREACH);
        if (refusing_) return opening->failed(errc::connect_failed, ECONNREFUSED);
        const connection_id id = ++last_id_;
        connection& made = connections_[id];
        made.transport = opening;
        made.server_has_it = true;
        accepted(id);
        opening->opened(id);
    });
}

// ---- both ends ----------------------------------------------------------------------------------

void net::send(connection_id id, std::string bytes) { take(id, chaos::toward::client, bytes); }

void net::hang_up(connection_id id) {
    connection* const c = find(id);
    if (c == nullptr) return;
    c->server_has_it = false;
    put(id, chaos::toward::client, {}, chaos::ending::finish);
}

void net::write(connection_id id, std::string_view bytes) { take(id, chaos::toward::broker, bytes); }

void net::close(connection_id id) {
    connection* const c = find(id);
    // Given up before anything has arrived: in a real network that was a SYN without an answer, and nothing follows it.
    if (c != nullptr && c->silent && !c->has_arrived) return end(id, chaos::ending::none);
    put(id, chaos::toward::broker, {}, chaos::ending::finish);
}

std::size_t net::pending(connection_id id) const {
    const auto at = connections_.find(id);
    return at == connections_.end() ? 0 : at->second.up.pending;
}

// ---- packets ------------------------------------------------------------------------------------

void net::take(connection_id id, chaos::toward to, std::string_view bytes) {
    connection* const c = find(id);
    if (c == nullptr) return;
    if (c->silent && c->how == chaos::silence::dropped) {
        c->has_dropped = true;
        return;
    }
    way& w = way_(*c, to);
    w.frames.feed(bytes);
    try {
        while (const auto packet = w.frames.next()) handle(id, *c, to, *packet);
    } catch (const std::runtime_error&) {  // no MQTT: it passes as it is, for the other end to judge
        put(id, to, std::string(bytes));
        w.frames = chaos::framer::of_anything();
    }
}

void net::handle(connection_id id, connection& c, chaos::toward to, const chaos::frame& packet) {
    way& w = way_(c, to);
    if (packet.type == chaos::packet_type::continuation) {
        if (!w.drops_rest) put(id, to, packet.bytes);
        return;
    }
    w.drops_rest = false;
    if (packet.type == chaos::packet_type::connect && to == chaos::toward::broker) {
        c.client = packet.name;
        c.silent = c.silent || rules.silence_of(c.client);
    }
    chaos::rule_book::entry* const rule = rules.match(to, packet, c.client);
    if (rule == nullptr) return put(id, to, packet.bytes);
    chaos::effect made = chaos::effect_of(rule->what, packet);
    w.drops_rest = made.drops_rest;
    if (!made.answer.empty()) put(id, chaos::toward::client, made.answer);
    auto pass = [this, id, to, bytes = made.passes] { put(id, to, bytes); };
    if (made.is_withheld) {
        rule->withheld.emplace_back(std::move(pass));
    } else if (made.late) {
        time_.after(static_cast<std::uint64_t>(made.late->count()), std::move(pass));
    } else if (!made.passes.empty()) {
        put(id, to, made.passes, made.then);
    }
}

// ---- parcels ------------------------------------------------------------------------------------

void net::put(connection_id id, chaos::toward to, std::string bytes, chaos::ending then) {
    connection* const c = find(id);
    if (c == nullptr) return;
    way& w = way_(*c, to);
    const chaos::path path = rules.path_of(c->client);
    const auto delay = static_cast<std::uint64_t>(path.delay.count());
    w.last_due = std::max(w.last_due, time_.now() + latency_ms + delay);
    const auto push = [&](std::string part, chaos::ending last) {
        w.pending += part.size();
        w.parcels.push_back({w.last_due, std::move(part), last});
        time_.at(w.last_due, [this, id, to] { carry(id, to); });
    };
    // A slow line carries a little every 20 ms: its clients see that it does.
    const std::size_t most =
        path.bytes_per_second > 0 ? std::max<std::size_t>(path.bytes_per_second / 50, 1) : SIZE_MAX;
    while (bytes.size() > most) {
        w.last_due += 1000 * most / path.bytes_per_second;
        push(bytes.substr(0, most), chaos::ending::none);
        bytes.erase(0, most);
    }
    if (path.bytes_per_second > 0) w.last_due += 1000 * bytes.size() / path.bytes_per_second;
    push(std::move(bytes), then);
}

void net::carry(connection_id id, chaos::toward to) {
    for (connection* c = find(id); c != nullptr; c = find(id)) {
        way& w = way_(*c, to);
        if (!link_up_ || c->silent || w.parcels.empty() || w.parcels.front().due > time_.now()) return;
        const parcel first = std::move(w.parcels.front());
        w.parcels.pop_front();
        w.pending -= first.bytes.size();
        arrive(id, to, first);
    }
}

void net::arrive(connection_id id, chaos::toward to, const parcel& p) {
    connection& c = *find(id);
    const auto transport = c.transport.lock();
    if (to == chaos::toward::broker) {
        if (transport) transport->has_room();
        c.has_arrived = true;
        if (c.server_has_it && !p.bytes.empty()) received(id, p.bytes);
    } else if (transport && !p.bytes.empty()) {
        transport->arrived(p.bytes);
    }
    if (p.then == chaos::ending::none) return;
    // A cut comes in the middle of a packet: with it both ends are lost.
    if (to == chaos::toward::client && p.bytes.empty() && transport) transport->ended(0);
    end(id, p.bytes.empty() ? chaos::ending::none : p.then);
}

/// Both ends learn of it, as far as they do not know yet, and it is forgotten.
void net::end(connection_id id, chaos::ending how) {
    connection* const c = find(id);
    if (c == nullptr) return;
    const auto transport = c->transport.lock();
    const bool server_has_it = c->server_has_it;
    connections_.erase(id);
    if (transport && how != chaos::ending::none) transport->ended(how == chaos::ending::reset ? ECONNRESET : 0);
    if (server_has_it) lost(id);
}

// ---- faults -------------------------------------------------------------------------------------

std::vector<connection_id> net::of(std::string_view client) const {
    std::vector<connection_id> all;
    for (const auto& [id, c] : connections_) {
        if (chaos::names(client, c.client)) all.push_back(id);
    }
    return all;
}

void net::reset(std::string_view client) {
    for (const connection_id id : of(client)) end(id, chaos::ending::reset);
}

void net::finish(std::string_view client) {
    for (const connection_id id : of(client)) end(id, chaos::ending::finish);
}

void net::half_open(std::string_view client, chaos::silence how) {
    for (const connection_id id : of(client)) {
        connection& c = *find(id);
        c.silent = true;
        c.how = how;
    }
}

void net::stall(std::string_view client) {
    rules.stall(client, chaos::silence::held);
    half_open(client, chaos::silence::held);
}

void net::heal(std::string_view client) {
    rules.heal(client);
    for (const connection_id id : of(client)) {
        connection& c = *find(id);
        if (!c.silent) continue;
        c.silent = false;
        if (c.has_dropped) {
            end(id, chaos::ending::reset);
            continue;
        }
        carry(id, chaos::toward::broker);
        carry(id, chaos::toward::client);
    }
}

void net::set_link(bool up, std::string_view why) {
    link_up_ = up;
    link_text_ = up ? "eth0" : why;
    for (virtual_link* const each : links_) each->tell();
    for (const connection_id id : of({})) {
        carry(id, chaos::toward::broker);
        carry(id, chaos::toward::client);
    }
}

void net::set_path(std::string_view client, const chaos::path& how) {
    rules.set_path(client, how);
    if (how.mute) half_open(client, chaos::silence::held);
}

std::size_t net::open_connections(std::string_view client) const { return of(client).size(); }

// ---- transport ----------------------------------------------------------------------------------

/// On the client's executor; not once it is closed.
template <class Tell>
void virtual_transport::tell(Tell what) {
    boost::asio::post(executor_, [what, self = shared_from_this()] {
        if (const auto owner = self->owner_) what(*owner, self->epoch_);
    });
}

void virtual_transport::close() noexcept {
    owner_.reset();
    if (id_ != 0) net_.close(id_);
}

detail::io_result virtual_transport::read(std::span<std::uint8_t> into) noexcept {
    using state = detail::io_result::state;
    if (inbox_.empty()) {
        if (!end_) return {.now = state::would_block};
        return *end_ == 0 ? detail::io_result{.now = state::closed}
                          : detail::io_result{.now = state::failed, .error = *end_};
    }
    const std::size_t size = std::min(into.size(), inbox_.size());
    std::copy_n(inbox_.begin(), size, into.begin());
    inbox_.erase(0, size);
    return {.size = size};
}

detail::io_result virtual_transport::write(std::span<const bytes> from) noexcept {
    using state = detail::io_result::state;
    if (end_) return {.now = state::failed, .error = EPIPE};
    const std::size_t used = net_.pending(id_);
    std::size_t room = used < send_buffer ? send_buffer - used : 0;
    detail::io_result result;
    for (const bytes part : from) {
        const std::size_t size = std::min(part.size(), room);
        net_.write(id_, {reinterpret_cast<const char*>(part.data()), size});
        result.size += size;
        room -= size;
        if (size == part.size()) continue;
        result.now = state::would_block;
        break;
    }
    return result;
}

void virtual_transport::wait_readable() {
    wants_bytes_ = true;
    if (!inbox_.empty() || end_) arrived({});
}

void virtual_transport::wait_writable() {
    wants_room_ = true;
    if (net_.pending(id_) < send_buffer || end_) has_room();
}

void virtual_transport::stage_is(stage s) {
    tell([s](detail::transport_events& owner, epoch e) { owner.on_stage(e, s); });
}

void virtual_transport::opened(connection_id id) {
    id_ = id;
    tell([](detail::transport_events& owner, epoch e) { owner.on_opened(e); });
}

void virtual_transport::failed(errc error, int number) {
    tell([error, number](detail::transport_events& owner, epoch e) { owner.on_failed(e, error, number); });
}

void virtual_transport::arrived(std::string_view bytes) {
    inbox_ += bytes;
    if (!std::exchange(wants_bytes_, false)) return;
    tell([](detail::transport_events& owner, epoch e) { owner.on_readable(e); });
}

void virtual_transport::ended(int error) {
    end_ = error;
    if (error != 0) inbox_.clear();  // RST: what was not read is gone
    arrived({});
    has_room();
}

void virtual_transport::has_room() {
    if (!std::exchange(wants_room_, false)) return;
    tell([](detail::transport_events& owner, epoch e) { owner.on_writable(e); });
}

// ---- link ---------------------------------------------------------------------------------------

void virtual_link::tell() {
    detail::link_state state;
    state.up = net_.is_link_up();
    state.text = net_.link_text();
    state.question = question_;
    boost::asio::post(executor_, [state, listener = listener_] {
        if (const auto told = listener.lock()) told->on_link(state);
    });
}

}  // namespace mqtt_as::testing
