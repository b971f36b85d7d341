// Reads, decides, queues and writes: the two streams of one proxied connection.
#include "src/chaos/proxy_connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <poll.h>
#include <stdexcept>

namespace mqtt_as::chaos {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

// A stream of which this much could be written and is not is not read: its sender feels the back-pressure.
constexpr std::size_t due_max = 16384;

// What waits for its time alone is on its way as if on a long wire, and no reason to hold back anybody. This is the
// bound of what one direction of a connection keeps so: at a delay of 1 s it is 64 MiB per second.
constexpr std::size_t delayed_max = std::size_t{64} << 20;

// A wire of that length that carries so little has room for the product of both.
std::size_t on_the_wire_max(const path& how) {
    if (how.bytes_per_second == 0) return delayed_max;
    const std::size_t rate = std::min(how.bytes_per_second, delayed_max);
    return std::min(rate * static_cast<std::size_t>(how.delay.count()) / 1000, delayed_max);
}

}  // namespace

// ---- life of a connection ---------------------------------------------------------------------

proxy_connection::proxy_connection(socket client, socket broker, rule_book& rules, content carried)
    : client_(std::move(client)), broker_(std::move(broker)), rules_(rules), carried_(carried),
      upward_(client_, broker_, carried), downward_(broker_, client_, carried) {}

void proxy_connection::start() {
    if (carried_ == content::anything) {  // no CONNECT will be seen
        if (const auto how = rules_.silence_of({})) fall_silent(*how);
    }
    read(toward::broker);
    read(toward::client);
}

void proxy_connection::reset() {
    error_code ignored;
    client_.set_option(asio::socket_base::linger(true, 0), ignored);
    close();
}

void proxy_connection::finish() {
    error_code ignored;
    broker_.close(ignored);
    client_.shutdown(socket::shutdown_send, ignored);
    finishing_ = true;
    silent_ = false;
    // Closing now would turn into a RST if bytes of the client were unread, so they are read until it closes, too.
    if (upward_.ended) return close();
    read(toward::broker);
}

void proxy_connection::close() {
    error_code ignored;
    closed_ = true;
    client_.close(ignored);
    broker_.close(ignored);
    upward_.pause.cancel();
    downward_.pause.cancel();
}

void proxy_connection::fall_silent(silence how) {
    silent_ = true;
    how_silent_ = how;
    if (how == silence::held) set_receive_buffer(1);  // the kernel makes it as small as it can
}

void proxy_connection::set_receive_buffer(int size) {
    error_code ignored;
    client_.set_option(asio::socket_base::receive_buffer_size(size), ignored);
}

void proxy_connection::heal() {
    if (!silent_) return;
    silent_ = false;
    set_receive_buffer(receive_buffer);
    if (dropped_bytes_) return reset();
    // Given up before anything has arrived: in a real network that was a SYN without an answer, and nothing follows it.
    if (!has_begun_ && client_has_closed()) return close();
    for (const toward to : {toward::broker, toward::client}) {
        take(to, {});
        write(to);
    }
}

bool proxy_connection::client_has_closed() {
    pollfd client{.fd = client_.native_handle(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&client, 1, 0) > 0;
}

void proxy_connection::pass(toward to, std::string bytes) { put(to, std::move(bytes)); }

void proxy_connection::end(ending how) {
    if (how == ending::finish) finish();
    if (how == ending::reset) reset();
}

// ---- reading ----------------------------------------------------------------------------------

void proxy_connection::read(toward to) {
    stream& way = toward_(to);
    const bool is_held = silent_ && how_silent_ == silence::held;
    if (closed_ || way.reading || way.ended || is_held || (!finishing_ && is_full(way))) return;
    way.reading = true;
    way.source.async_read_some(
        asio::buffer(way.chunk),
        [this, to, self = shared_from_this()](error_code error, std::size_t size) { has_read(to, !error, size); });
}

bool proxy_connection::is_full(stream& way) const {
    const auto now = steady_clock::now();
    for (; way.parcels_due < way.queue.size() && way.queue[way.parcels_due].due <= now; ++way.parcels_due)
        way.bytes_due += way.queue[way.parcels_due].bytes.size();
    return way.bytes_due >= due_max || way.queued >= due_max + on_the_wire_max(rules_.path_of(client_id_));
}

void proxy_connection::has_read(toward to, bool ok, std::size_t size) {
    stream& way = toward_(to);
    way.reading = false;
    way.ended = !ok;
    if (closed_) return;
    if (!finishing_) return take(to, {way.chunk.data(), size});
    if (to == toward::client) return;
    if (way.ended) return close();
    read(to);
}

void proxy_connection::take(toward to, std::string_view bytes) {
    stream& way = toward_(to);
    if (silent_ && how_silent_ == silence::dropped) {
        dropped_bytes_ = dropped_bytes_ || !bytes.empty();
        return read(to);
    }
    way.frames.feed(bytes);
    if (silent_) return;
    try {
        while (const auto packet = way.frames.next()) {
            handle(to, *packet);
            if (closed_ || finishing_) return;
        }
    } catch (const std::runtime_error&) {  // this is no MQTT: nothing to be named any more
        return reset();
    }
    if (way.ended && way.queue.empty()) return finish();
    read(to);
}

void proxy_connection::handle(toward to, const frame& packet) {
    stream& way = toward_(to);
    if (packet.type == packet_type::continuation && carried_ == content::mqtt) {
        if (!way.dropping_rest) put(to, packet.bytes);
        return;
    }
    way.dropping_rest = false;
    if (packet.type == packet_type::connect && to == toward::broker) {
        client_id_ = packet.name;
        if (const auto how = rules_.silence_of(client_id_)) {
            fall_silent(*how);
            dropped_bytes_ = *how == silence::dropped;  // this CONNECT is the first of them
        }
    }
    if (rule_book::entry* const rule = rules_.match(to, packet, client_id_)) return apply(*rule, packet);
    put(to, packet.bytes);
}

void proxy_connection::apply(rule_book::entry& rule, const frame& packet) {
    const toward to = rule.what.to;
    const effect made = effect_of(rule.what, packet);
    toward_(to).dropping_rest = made.drops_rest;
    if (!made.answer.empty()) put(toward::client, made.answer);
    if (made.is_withheld) {
        rule.withheld.emplace_back([to, bytes = made.passes, weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->put(to, bytes);
        });
    } else if (made.late) {
        const auto timer = std::make_shared<asio::steady_timer>(client_.get_executor(), *made.late);
        timer->async_wait([this, to, timer, bytes = made.passes, self = shared_from_this()](error_code) {
            if (!closed_) put(to, bytes);
        });
    } else if (!made.passes.empty()) {
        put(to, made.passes, made.then);
    }
}

// ---- writing ----------------------------------------------------------------------------------

void proxy_connection::put(toward to, std::string bytes, ending then) {
    stream& way = toward_(to);
    way.queued += bytes.size();
    way.queue.push_back({steady_clock::now() + rules_.path_of(client_id_).delay, std::move(bytes), then});
    write(to);
}

void proxy_connection::write(toward to) {
    stream& way = toward_(to);
    if (closed_ || finishing_ || silent_ || way.writing || way.queue.empty()) return;
    way.writing = true;
    if (way.queue.front().due <= steady_clock::now()) return write_next(to);
    way.pause.expires_at(way.queue.front().due);
    way.pause.async_wait([this, to, self = shared_from_this()](error_code) { write_next(to); });
}

void proxy_connection::write_next(toward to) {
    stream& way = toward_(to);
    if (closed_ || finishing_ || silent_) {
        way.writing = false;
        return;
    }
    if (to == toward::broker) has_begun_ = true;
    const std::string& bytes = way.queue.front().bytes;
    const std::size_t rate = rules_.path_of(client_id_).bytes_per_second;
    const std::size_t size = rate ? std::min(bytes.size(), std::max<std::size_t>(rate / 50, 1)) : bytes.size();
    async_write(way.sink, asio::buffer(bytes.data(), size),
                [this, to, rate, self = shared_from_this()](error_code error, std::size_t sent) {
                    has_written(to, !error, sent, rate);
                });
}

void proxy_connection::has_written(toward to, bool ok, std::size_t size, std::size_t rate) {
    if (closed_ || finishing_) return;
    if (!ok) return finish();
    if (rate == 0) return go_on(to, size);
    stream& way = toward_(to);
    way.pause.expires_after(std::chrono::microseconds(1'000'000 * size / rate));
    way.pause.async_wait([this, to, size, self = shared_from_this()](error_code) { go_on(to, size); });
}

void proxy_connection::go_on(toward to, std::size_t size) {
    stream& way = toward_(to);
    way.writing = false;
    if (closed_ || finishing_) return;
    parcel& first = way.queue.front();
    way.queued -= size;
    const bool was_counted = way.parcels_due > 0;
    if (was_counted) way.bytes_due -= size;
    first.bytes.erase(0, size);
    if (first.bytes.empty()) {
        if (was_counted) --way.parcels_due;
        const ending then = first.then;
        way.queue.pop_front();
        if (then != ending::none) return end(then);
    }
    if (way.ended && way.queue.empty() && !silent_) return finish();
    write(to);
    read(to);
}

}  // namespace mqtt_as::chaos
