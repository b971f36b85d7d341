// What a client tells of a Wi-Fi network that cannot be joined.
#include "mqtt_as/asio/client.hpp"
#include "tests/link/scripted_wpa.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <optional>
#include <string>

namespace mqtt_as::detail {
namespace {

using namespace std::chrono_literals;

class wifi_of_a_client : public testing::Test {
protected:
    wifi_of_a_client() {
        settings.server = "127.0.0.1";
        settings.port = 1;  // nobody is there
        settings.ssid = "home \"1\"";
        settings.wifi_pw = "open sesame";
        settings.wpa_supplicant = wpa.folder();
        settings.wifi_interface = "wlan0";
        settings.backoff.first_step = duration(20);
    }
    template <class Condition>
    bool until(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!condition() && std::chrono::steady_clock::now() < end) loop.run_for(5ms);
        return condition();
    }

    boost::asio::io_context loop;
    scripted_wpa wpa{loop};
    config settings;
};

TEST_F(wifi_of_a_client, with_a_wrong_password_ends_the_first_connect_with_that_error) {
    wpa.on_select = [&] {
        wpa.tell("CTRL-EVENT-SSID-TEMP-DISABLED id=7 ssid=\"home\" auth_failures=1 duration=10 reason=WRONG_KEY");
    };
    MQTTClient client(loop.get_executor(), settings);
    std::optional<std::error_code> outcome;
    client.connect([&](std::error_code error, connect_result) { outcome = error; });
    EXPECT_TRUE(until([&] { return outcome.has_value(); }));
    EXPECT_EQ(outcome, errc::wifi_wrong_key);
    EXPECT_EQ(client.explain().text().substr(0, 64),
              "stopped: Link: The Wi-Fi network does not take the password (127");
}

TEST_F(wifi_of_a_client, that_is_not_found_is_told_and_sought_again) {
    int tries = 0;
    wpa.on_select = [&] {
        ++tries;
        wpa.tell("CTRL-EVENT-NETWORK-NOT-FOUND ");
    };
    MQTTClient client(loop.get_executor(), settings);
    client.connect({.retry = true}, [](std::error_code, connect_result) {});
    EXPECT_TRUE(until([&] { return tries >= 3; }));
    EXPECT_EQ(client.explain().last_error->error, errc::wifi_not_found);
    EXPECT_EQ(client.explain().last_error->at, stage::link);
    // When it is there, the next stage is reached.
    wpa.is_joined = true;
    EXPECT_TRUE(until([&] { return client.explain().last_error->at == stage::connect; }));
    EXPECT_TRUE(until([&] { return client.explain().rssi == -61; }));
}

TEST_F(wifi_of_a_client, may_take_longer_to_join_than_a_server_may_take_to_answer) {
    settings.response_time = 500ms;
    MQTTClient client(loop.get_executor(), settings);
    client.connect({.retry = true}, [](std::error_code, connect_result) {});
    const auto end = std::chrono::steady_clock::now() + 1500ms;
    until([&] { return std::chrono::steady_clock::now() > end; });
    EXPECT_EQ(client.explain().attempt, 1u);
    EXPECT_EQ(client.explain().at, stage::link);
    EXPECT_FALSE(client.explain().last_error);
}

}  // namespace
}  // namespace mqtt_as::detail
