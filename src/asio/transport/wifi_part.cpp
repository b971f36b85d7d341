// Joining a Wi-Fi network, as a part of the library that programs without it do not link.
#include "src/asio/parts.hpp"
#include "src/asio/settings.hpp"
#include "src/asio/transport/joining_transport.hpp"
#include "src/link/wifi_station.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace mqtt_as::detail {

namespace {

/// What is wrong with a network that is named.
void check_wifi(const config& c) {
    const std::string& ssid = c.ssid;
    require(ssid.size() <= 32, "ssid has %zu bytes: at most 32 are allowed", ssid.size());
    const auto is_printable = [](char letter) { return letter >= 32 && letter < 127; };
    const bool is_passphrase = c.wifi_pw.size() >= 8 && c.wifi_pw.size() <= 63 &&
                               std::all_of(c.wifi_pw.begin(), c.wifi_pw.end(), is_printable);
    require(c.wifi_pw.empty() || is_wpa_key(c.wifi_pw) || is_passphrase,
            "wifi_pw is no password of WPA: 8 to 63 ASCII characters or 64 hexadecimal digits are allowed");
}

class wifi_network final : public joined_network {
public:
    wifi_network(const boost::asio::any_io_executor& executor, const config& c)
        : station_(std::make_shared<wifi_station>(executor, wifi_settings{.control = c.wpa_supplicant,
                                                                          .interface = c.wifi_interface,
                                                                          .ssid = c.ssid,
                                                                          .password = c.wifi_pw})) {}

    std::shared_ptr<transport> make(bool checks_stability, std::shared_ptr<transport> inner, epoch e,
                                    std::shared_ptr<transport_events> owner) override {
        return std::make_shared<joining_transport>(station_, checks_stability, std::move(inner), e, std::move(owner));
    }
    void poll_signal() override { station_->poll_signal(); }
    std::optional<int> signal() const noexcept override { return station_->signal(); }
    void rest() noexcept override { station_->rest(); }
    void leave() override { station_->leave(); }

private:
    std::shared_ptr<wifi_station> station_;
};

std::shared_ptr<joined_network> make(const boost::asio::any_io_executor& executor, const config& c) {
    return std::make_shared<wifi_network>(executor, c);
}

}  // namespace

const wifi_code wifi{.check = &check_wifi, .make = &make};

}  // namespace mqtt_as::detail
