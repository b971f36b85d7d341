// Connects, tells why there is no connection, and ends in good order.
#include "tools/mqtt-as/session.hpp"

#include "tools/mqtt-as/tls_options.hpp"

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace mqtt_as::cli {

namespace asio = boost::asio;

session::watched_client::watched_client(session& owner, asio::io_context& context, const mqtt_as::config& config)
    : MQTTClient(context.get_executor(), config), owner_(owner) {}

void session::watched_client::dprint(std::string_view line) {
    if (owner_.options_.debug || owner_.options_.traces) {
        std::fprintf(stderr, "%s: %.*s\n", owner_.options_.program.c_str(), static_cast<int>(line.size()), line.data());
    }
    owner_.connection_changed();
}

session::session(connection options) try
    : options_(std::move(options)), signals_(context_, SIGINT, SIGTERM), deadline_(context_), limit_(context_),
      client_(*this, context_, configured()) {
} catch (const std::invalid_argument& wrong) {
    throw usage_error(wrong.what());
}

mqtt_as::config session::configured() {
    mqtt_as::config& config = options_.config;
    expect_readable_files(config.ssl_params);
    config.single_threaded = true;
    // What was right once may be right again: a certificate is renewed, a broker's rights are read anew.
    config.on_refusal = options_.gives_up ? refusal_policy::give_up : refusal_policy::give_up_at_first;
    config.wifi_coro = [this](bool up) {
        if (up) connection_up();
        if (on_connection && !how_) on_connection(up);
    };
    config.on_renewal_refused = [this](std::string_view filter, reason_code reason) {
        say("the broker refused to renew the subscription of " + std::string(filter) + ": " +
            std::string(describe(reason)));
    };
    return config;
}

ending session::run(task<> work) {
    wait_for_signal();
    if (options_.deadline) start_timer(deadline_, *options_.deadline);
    if (options_.traces) MQTTClient::DEBUG = debug_level::packets;
    client_.connect({.retry = true}, [this](std::error_code, const connect_result&) { connection_changed(); });
    asio::co_spawn(
        context_, std::move(work),
        asio::bind_cancellation_slot(cancel_work_.slot(), [this](std::exception_ptr thrown) { work_ended(thrown); }));
    context_.run();
    context_.restart();
    context_.poll();  // what was cancelled lets go of what it holds
    return *how_;
}

void session::end(ending how) {
    if (how_) return;
    how_ = how;
    deadline_.cancel();
    limit_.cancel();
    cancel_work_.emit(asio::cancellation_type::terminal);
    client_.disconnect([this](std::error_code) {
        disconnected_ = true;
        stop_when_all_ended();
    });
}

void session::limit(std::chrono::milliseconds time) {
    if (!how_) start_timer(limit_, time);
}

void session::say(std::string_view line) const {
    if (options_.quiet) return;
    std::fprintf(stderr, "%s: %.*s\n", options_.program.c_str(), static_cast<int>(line.size()), line.data());
}

void session::wait_for_signal() {
    signals_.async_wait([this](boost::system::error_code error, int number) {
        if (error) return;
        if (how_ && signal_ != 0) std::_Exit(128 + number);
        const bool is_first = std::exchange(signal_, number) == 0;
        if (is_first && on_interrupt) {
            on_interrupt();
        } else {
            end(ending::interrupted);
        }
        wait_for_signal();
    });
}

void session::start_timer(asio::steady_timer& timer, std::chrono::milliseconds time) {
    timer.expires_after(time);
    timer.async_wait([this](boost::system::error_code error) {
        if (error || how_) return;
        if (told_.empty() && !client_.isconnected()) say(client_.explain().text());  // no attempt has failed yet
        end(ending::timed_out);
    });
}

// Says each new reason why there is no connection once.
void session::connection_changed() {
    if (how_ || client_.isconnected()) return;
    const explanation now = client_.explain();
    if (!now.last_error) return;
    const bool is_over = now.now_in == status::phase::stopped;
    const std::string& place = now.address.empty() ? now.server : now.address;
    std::string why = describe(*now.last_error, now.error_text) + " (" + place + ")";
    if (may_expect_tls(*now.last_error)) {
        why.append("; the port may expect TLS: ").append(how_to_ask_for_tls).append("; mqtt-as doctor finds out");
    }
    if (told_.empty() && was_connected_) down_since_ = std::chrono::steady_clock::now();
    if (is_over) {
        say(why);
    } else if (why != told_) {
        say(why + "; trying again");
        if (now.soon_lost == 3) say(now.suspicion());
    }
    told_ = why;
    if (is_over) end(ending::refused);
}

// A broker that expects TLS takes our CONNECT for nonsense, and hangs up without a word. Whoever has said anything, at
// this attempt or before, means something else.
bool session::may_expect_tls(const disconnected& d) const {
    return d.error == errc::connection_closed && d.at == stage::mqtt && !options_.config.ssl &&
           client_.count().bytes_received == 0;
}

void session::connection_up() {
    if (!told_.empty()) {
        const std::chrono::duration<double> down = std::chrono::steady_clock::now() - down_since_;
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%.1f s", down.count());
        say(std::string("connected after ") + text.data());
    }
    told_.clear();
    if (!std::exchange(was_connected_, true) && on_first_connection && !how_) on_first_connection();
}

void session::work_ended(std::exception_ptr thrown) {
    work_ended_ = true;
    if (how_) return stop_when_all_ended();  // it was cancelled
    try {
        if (thrown) std::rethrow_exception(thrown);
        end(ending::done);
    } catch (const std::exception& error) {
        say(error.what());
        end(ending::failed);
    }
}

void session::stop_when_all_ended() {
    if (work_ended_ && disconnected_) context_.stop();
}

task<> change::wait() {
    boost::system::error_code notified;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, notified));
}

}  // namespace mqtt_as::cli
