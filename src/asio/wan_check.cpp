// wan_ok: is the broker up, and does a DNS server on the Internet answer? Linked by programs that ask alone.
#include "mqtt_as/asio/async.hpp"
#include "src/asio/awaited.hpp"
#include "src/asio/core.hpp"
#include "src/asio/dns.hpp"
#include "src/asio/errand.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <utility>
#include <vector>

namespace mqtt_as {

namespace detail {

namespace {

namespace asio = boost::asio;
using asio::ip::udp;

/// A datagram may be lost: the question is repeated.
constexpr int tries_max = 3;

/// One check. Apart from the connection it has a socket and a timer of its own, so that it never holds up anything.
/// Whatever comes late finds them closed.
class wan_check final : public errand, public std::enable_shared_from_this<wan_check> {
public:
    wan_check(const std::shared_ptr<core>& c, waiter* for_whom, udp::endpoint server, const wan_options& options)
        : errand(for_whom), core_(c), strand_(asio::make_strand(c->executor())), socket_(strand_), timer_(strand_),
          server_(std::move(server)), between_tries_(options.timeout / tries_max),
          query_(options.packet.begin(), options.packet.end()), is_default_(options.packet.empty()) {
        if (!is_default_) return;
        const auto query = default_query(static_cast<std::uint16_t>(random_seed()));
        query_.assign(query.begin(), query.end());
    }

    void begin(core& c) {
        const auto then = [self = shared_from_this()](std::error_code error, bool is_up) {
            if (error) return;  // closed: our waiter has heard of it
            asio::post(self->strand_, [self, is_up] { is_up ? self->open() : self->end({wan_state::broker_down}); });
        };
        c.broker_up(make_waiter<callback_waiter<std::decay_t<decltype(then)>, bool>>(c, then));
    }

    void stop() override {
        asio::post(strand_, [self = shared_from_this()] { self->close(); });
    }

private:
    void open() {
        if (has_ended_) return;
        boost::system::error_code error;
        socket_.open(server_.protocol(), error);
        if (!error) socket_.connect(server_, error);  // so that nobody else is heard, and a refusal is
        if (!error) socket_.non_blocking(true, error);
        if (error) return end({wan_state::unreachable});
        ask();
        if (!has_ended_) listen();
    }

    void ask() {
        if (++tries_ > tries_max) return end(heard_);
        boost::system::error_code error;
        socket_.send(asio::buffer(query_), 0, error);
        // A full buffer is as good as a lost datagram.
        if (error && error != asio::error::would_block) return end({wan_state::unreachable});
        timer_.expires_after(between_tries_);
        timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
            if (!cancelled && !self->has_ended_) self->ask();
        });
    }

    void listen() {
        socket_.async_wait(udp::socket::wait_read, [self = shared_from_this()](boost::system::error_code) {
            if (!self->has_ended_) self->hear();
            if (!self->has_ended_) self->listen();
        });
    }

    void hear() {
        std::array<std::uint8_t, 4'096> buffer;
        boost::system::error_code error;
        const std::size_t size = socket_.receive(asio::buffer(buffer), 0, error);
        if (error == asio::error::would_block) return;
        if (error) return end({wan_state::unreachable});
        const bytes answer(buffer.data(), size);
        heard_ = judge_answer(query_, answer);
        if (heard_.state == wan_state::not_an_answer) return;  // the right one may still come
        if (heard_ && is_default_ && !has_public_addresses(answer)) heard_ = {wan_state::private_address};
        end(heard_);
    }

    void end(wan_result result) {
        close();
        if (const auto c = core_.lock()) {
            c->end_errand(*this,
                          [result](waiter* whose) { static_cast<result_waiter<wan_result>*>(whose)->result = result; });
        }
    }

    void close() {
        has_ended_ = true;
        boost::system::error_code ignored;
        socket_.close(ignored);
        timer_.cancel();
    }

    const std::weak_ptr<core> core_;
    const asio::strand<asio::any_io_executor> strand_;
    udp::socket socket_;
    asio::steady_timer timer_;
    const udp::endpoint server_;
    const std::chrono::milliseconds between_tries_;
    std::vector<std::uint8_t> query_;
    const bool is_default_;
    int tries_ = 0;
    wan_result heard_{wan_state::silent};
    bool has_ended_ = false;
};

}  // namespace

void wan_operation::begin(core& c, result_waiter<wan_result>* who) {
    boost::system::error_code error;
    const auto server = asio::ip::make_address(std::string(options.server), error);
    const bool is_sound = !error && options.port != 0 && options.timeout.count() >= tries_max &&
                          (options.packet.empty() || is_query(options.packet));
    if (!is_sound) return c.refuse(who, errc::bad_query);
    const auto check =
        std::make_shared<wan_check>(c.shared_from_this(), who, udp::endpoint(server, options.port), options);
    if (c.begin_errand(check)) check->begin(c);
}

}  // namespace detail

task<wan_result> MQTTClient::wan_ok(wan_options options) {
    detail::ended<wan_result> e;
    co_await detail::until_ended(core_, e,
                                 [&](detail::core& c, auto* who) { detail::wan_operation{options}.begin(c, who); });
    co_return std::move(e).or_throw("wan_ok");
}

std::string_view describe(wan_state state) noexcept {
    switch (state) {
    case wan_state::ok: return "The DNS server answers";
    case wan_state::broker_down: return "The broker does not answer, and nobody else was asked";
    case wan_state::unreachable: return "There is no way to the DNS server, or none is at that address";
    case wan_state::silent: return "The DNS server does not answer";
    case wan_state::not_an_answer: return "Something answers, but not to what was asked";
    case wan_state::malformed: return "The DNS server's answer makes no sense";
    case wan_state::truncated: return "The DNS server's answer is cut short";
    case wan_state::refused: return "The DNS server answers that it cannot or will not tell";
    case wan_state::no_record: return "The DNS server's answer does not hold what was asked for";
    case wan_state::private_address:
        return "A public name is said to be in a private network: does a hotspot want a login?";
    }
    return "Unknown";
}

}  // namespace mqtt_as
