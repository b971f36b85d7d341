// The words that are exchanged with wpa_supplicant.
#include "src/link/wifi_station.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <utility>

namespace mqtt_as::detail {

namespace {

constexpr std::chrono::milliseconds tick_every{200};

std::string hex(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += digits[static_cast<unsigned char>(c) >> 4];
        text += digits[static_cast<unsigned char>(c) & 15];
    }
    return text;
}

/// As wpa_supplicant prints an SSID: what is not printable is escaped.
std::string printed(std::string_view ssid) {
    std::string text;
    for (const char c : ssid) {
        constexpr std::string_view escaped = "\"\\\033\n\r\t";
        constexpr std::string_view as = "\"\\enrt";
        if (const auto at = escaped.find(c); at != escaped.npos) {
            text.append("\\").append(1, as[at]);
        } else if (c >= 32 && c < 127) {
            text += c;
        } else {
            text.append("\\x").append(hex({&c, 1}));
        }
    }
    return text;
}

}  // namespace

bool is_wpa_key(std::string_view password) {
    return password.size() == 64 && password.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::string_view wpa_value(std::string_view lines, std::string_view key) {
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        if (line.size() > key.size() && line.substr(0, key.size()) == key && line[key.size()] == '=')
            return line.substr(key.size() + 1);
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    }
    return {};
}

wifi_station::wifi_station(const boost::asio::any_io_executor& executor, wifi_settings settings)
    : settings_(std::move(settings)), executor_(executor), timer_(executor) {}

/// `then(*this, answer)`, if we are still there.
template <class Then>
void wifi_station::ask(const std::string& command, Then then) {
    if (!control_) return;
    control_->ask(command, [weak = weak_from_this(), then](std::string_view answer) {
        if (const auto self = weak.lock()) then(*self, answer);
    });
}

// ---- joining ----------------------------------------------------------------------------------------------

void wifi_station::join(join_request r) {
    joining_ = std::move(r);
    join_until_ = clock::now() + settings_.join_limit;
    stable_at_.reset();
    ++joins_;
    if (!control_ && !attach()) {  // told later, as all is
        return boost::asio::post(executor_, [weak = weak_from_this(), join = joins_] {
            const auto self = weak.lock();
            if (self && join == self->joins_) self->finish(errc::wifi_unavailable);
        });
    }
    ask("STATUS", [join = joins_](wifi_station& self, std::string_view answer) { self.on_status(join, answer); });
    tick();
}

void wifi_station::cancel() noexcept {
    joining_.reset();
    stable_at_.reset();
    timer_.cancel();
}

void wifi_station::rest() noexcept {
    cancel();
    adds_network_ = false;
    if (control_) control_->close();
    control_.reset();
}

void wifi_station::leave() {
    if (network_.empty() || (!control_ && !attach())) return;
    control_->tell("REMOVE_NETWORK " + network_);
    rest();
}

bool wifi_station::attach() {
    const auto weak = weak_from_this();
    control_ = std::make_shared<wpa_control>(executor_, wpa_control::listener{.event =
                                                                                  [weak](std::string_view event) {
                                                                                      if (const auto self = weak.lock())
                                                                                          self->on_event(event);
                                                                                  },
                                                                              .lost =
                                                                                  [weak](boost::system::error_code) {
                                                                                      if (const auto self = weak.lock())
                                                                                          self->lose_control();
                                                                                  }});
    if (control_->open(wpa_control::find(settings_.control, settings_.interface))) {
        control_.reset();
        return false;
    }
    ask("ATTACH", must_be_ok);
    return true;
}

void wifi_station::on_status(unsigned join, std::string_view status) {
    if (!joining_ || join != joins_) return;
    if (wpa_value(status, "wpa_state") == "COMPLETED" && wpa_value(status, "ssid") == printed(settings_.ssid))
        return finish(errc::ok);
    if (!network_.empty()) return select();
    // An earlier attempt may have asked for it and not heard the answer yet.
    if (std::exchange(adds_network_, true)) return;
    ask("ADD_NETWORK", [](wifi_station& self, std::string_view answer) { self.configure(answer); });
}

void wifi_station::configure(std::string_view network) {
    adds_network_ = false;
    if (network.empty() || network.find_first_not_of("0123456789") != std::string_view::npos)
        return finish(errc::wifi_refused);
    network_ = network;
    const std::string set = "SET_NETWORK " + network_ + " ";
    const std::string& password = settings_.password;
    ask(set + "ssid " + hex(settings_.ssid), must_be_ok);
    ask(set + "scan_ssid 1", must_be_ok);  // it may be hidden
    if (password.empty()) {
        ask(set + "key_mgmt NONE", must_be_ok);
    } else {
        ask(set + "psk " + (is_wpa_key(password) ? password : '"' + password + '"'), must_be_ok);
    }
    select();
}

void wifi_station::select() {
    if (!joining_) return;
    ask("SELECT_NETWORK " + network_, must_be_ok);
}

void wifi_station::on_event(std::string_view event) {
    const auto is = [event](std::string_view name) { return event.starts_with(name); };
    if (is("CTRL-EVENT-TERMINATING")) return lose_control();
    if (!joining_ || network_.empty()) return;
    const bool is_ours = event.find("id=" + network_ + " ") != std::string_view::npos;
    if (stable_at_) {
        if (is("CTRL-EVENT-DISCONNECTED")) finish(errc::wifi_unstable);
        return;
    }
    if (is("CTRL-EVENT-CONNECTED") && is_ours) {
        if (!joining_->checks_stability) return finish(errc::ok);
        stable_at_ = clock::now() + settings_.check_for;
    } else if (is("CTRL-EVENT-SSID-TEMP-DISABLED") && is_ours &&
               event.find("reason=WRONG_KEY") != std::string_view::npos) {
        finish(errc::wifi_wrong_key);
    } else if (is("CTRL-EVENT-NETWORK-NOT-FOUND")) {
        finish(errc::wifi_not_found);
    }
}

void wifi_station::tick() {
    if (!joining_) return;
    timer_.expires_after(tick_every);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
        const auto self = weak.lock();
        if (cancelled || !self || !self->joining_) return;
        if (self->stable_at_ && clock::now() >= *self->stable_at_) return self->finish(errc::ok);
        if (!self->stable_at_ && clock::now() >= self->join_until_) return self->finish(errc::wifi_timed_out);
        const auto still_joining = self->joining_->still_joining;
        still_joining();
        self->tick();
    });
}

void wifi_station::finish(errc error) {
    if (!joining_) return;
    const auto done = std::move(joining_->done);
    cancel();
    done(error);
}

/// wpa_supplicant has ended, and has forgotten our network.
void wifi_station::lose_control() {
    network_.clear();
    const auto done = joining_ ? std::move(joining_->done) : nullptr;
    rest();
    if (done) done(errc::wifi_unavailable);
}

void wifi_station::must_be_ok(wifi_station& self, std::string_view answer) {
    if (answer != "OK") self.give_up_network();
}

/// The next attempt begins with a new one.
void wifi_station::give_up_network() {
    if (control_ && !network_.empty()) control_->tell("REMOVE_NETWORK " + network_);
    network_.clear();
    finish(errc::wifi_refused);
}

// ---- the signal -------------------------------------------------------------------------------------------

void wifi_station::poll_signal() {
    ask("SIGNAL_POLL", [](wifi_station& self, std::string_view answer) { self.on_signal(answer); });
}

void wifi_station::on_signal(std::string_view answer) {
    const std::string_view text = wpa_value(answer, "RSSI");
    int strength = 0;
    std::from_chars(text.data(), text.data() + text.size(), strength);
    signal_ = strength;
}

std::optional<int> wifi_station::signal() const noexcept {
    const int strength = signal_;
    return strength == 0 ? std::nullopt : std::optional(strength);
}

}  // namespace mqtt_as::detail
