// Joins a Wi-Fi network through wpa_supplicant, says why that fails, and knows the signal's strength.
//
// Theory of operation.
//
//   closed --join--> attaching --ATTACH, STATUS--> joined                      (we are in this network already)
//                                     |
//                                     +--> configuring --SELECT_NETWORK--> selected --CONNECTED--> checking --> joined
//
// A definite refusal (wrong key, no such network) ends `join` at once, anything else after a minute; wpa_supplicant
// goes on meanwhile and the next `join` asks it anew. A lost control socket brings everything back to `closed`. The
// network is left at the end, if it was we who joined it.
#pragma once

#include "mqtt_as/types.hpp"
#include "src/link/wpa_control.hpp"

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_as::detail {

struct wifi_settings {
    std::string control;    ///< wpa_supplicant's folder of control sockets
    std::string interface;  ///< empty: the first one
    std::string ssid;
    std::string password;  ///< empty: an open network
    std::chrono::milliseconds join_limit{60'000};
    std::chrono::milliseconds check_for{5'000};  ///< how long a new link must hold before it is called stable
};

/// Not thread-safe but for `signal`: everything happens on the executor.
class wifi_station : public std::enable_shared_from_this<wifi_station> {
public:
    struct join_request {
        bool checks_stability = true;
        std::function<void()> still_joining;  ///< several times a second
        std::function<void(errc)> done;       ///< once, unless `cancel` comes first
    };

    wifi_station(const boost::asio::any_io_executor& executor, wifi_settings settings);
    wifi_station(const wifi_station&) = delete;
    wifi_station& operator=(const wifi_station&) = delete;

    /// At once when this network is joined already.
    void join(join_request);
    void cancel() noexcept;
    /// Ends all that waits for wpa_supplicant; the network stays joined.
    void rest() noexcept;
    /// Leaves the network if it was us who joined it. Nothing else may follow.
    void leave();

    /// Asks for the signal's strength; later calls of `signal` know it.
    void poll_signal();
    /// In dBm, as last known. Any thread.
    std::optional<int> signal() const noexcept;

private:
    using clock = std::chrono::steady_clock;

    bool attach();
    void on_status(unsigned join, std::string_view status);
    void configure(std::string_view network);
    void select();
    void on_event(std::string_view event);
    void tick();
    void finish(errc);
    void lose_control();
    template <class Then>
    void ask(const std::string& command, Then then);
    static void must_be_ok(wifi_station& self, std::string_view answer);
    void give_up_network();
    void on_signal(std::string_view answer);

    const wifi_settings settings_;
    const boost::asio::any_io_executor executor_;
    std::shared_ptr<wpa_control> control_;
    std::string network_;  // its number in wpa_supplicant, once we have added it
    bool adds_network_ = false;
    unsigned joins_ = 0;
    std::optional<join_request> joining_;
    clock::time_point join_until_;
    std::optional<clock::time_point> stable_at_;  // connected, being checked
    boost::asio::steady_timer timer_;
    std::atomic<int> signal_{0};  // 0: not known
};

/// Whether it is the key of a network itself, in hexadecimal, and no password that makes one.
bool is_wpa_key(std::string_view password);

/// The value of `key` in wpa_supplicant's "key=value" lines; empty when it is not there.
std::string_view wpa_value(std::string_view lines, std::string_view key);

}  // namespace mqtt_as::detail
