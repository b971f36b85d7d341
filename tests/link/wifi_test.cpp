// Joining a Wi-Fi network: every way it can end is named, and a network that is not ours is not touched.
#include "src/link/wifi_station.hpp"
#include "tests/link/scripted_wpa.hpp"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_as::detail {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr const char* connected = "CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:01 completed [id=7 id_str=]";

class wifi : public testing::Test {
protected:
    wifi() {
        settings.control = wpa.folder();
        settings.ssid = "home \"1\"";
        settings.password = "open sesame";
        settings.join_limit = 2s;
        settings.check_for = 300ms;
    }
    void make() { station = std::make_shared<wifi_station>(loop.get_executor(), settings); }
    void begin(bool checks_stability = false) {
        outcome.reset();
        station->join({.checks_stability = checks_stability,
                       .still_joining = [this] { ++still_joining; },
                       .done = [this](errc error) { outcome = error; }});
    }
    /// How it ended, and after how long.
    errc finish() {
        const auto began = clock::now();
        while (!outcome && clock::now() - began < 10s) loop.run_for(5ms);
        took = clock::now() - began;
        return outcome.value_or(errc::ok);
    }
    errc join(bool checks_stability = false) {
        if (!station) make();
        begin(checks_stability);
        return finish();
    }
    bool was_told(const std::string& command) const {
        return std::find(wpa.heard.begin(), wpa.heard.end(), command) != wpa.heard.end();
    }

    boost::asio::io_context loop;
    scripted_wpa wpa{loop};
    wifi_settings settings;
    std::shared_ptr<wifi_station> station;
    std::optional<errc> outcome;
    clock::duration took{};
    int still_joining = 0;
};

TEST_F(wifi, is_joined_by_its_name_and_password) {
    wpa.on_select = [&] { wpa.tell(connected); };
    EXPECT_EQ(join(), errc::ok);
    ASSERT_TRUE(outcome);
    const std::vector<std::string> said = {"ATTACH",
                                           "STATUS",
                                           "ADD_NETWORK",
                                           "SET_NETWORK 7 ssid 686f6d6520223122",
                                           "SET_NETWORK 7 scan_ssid 1",
                                           "SET_NETWORK 7 psk \"open sesame\"",
                                           "SELECT_NETWORK 7"};
    EXPECT_EQ(wpa.heard, said);
}

TEST_F(wifi, without_a_password_is_an_open_one) {
    settings.password.clear();
    wpa.on_select = [&] { wpa.tell(connected); };
    EXPECT_EQ(join(), errc::ok);
    EXPECT_TRUE(was_told("SET_NETWORK 7 key_mgmt NONE"));
}

TEST_F(wifi, takes_a_key_in_place_of_a_password) {
    settings.password = std::string(64, 'a');
    wpa.on_select = [&] { wpa.tell(connected); };
    EXPECT_EQ(join(), errc::ok);
    EXPECT_TRUE(was_told("SET_NETWORK 7 psk " + settings.password));
}

TEST_F(wifi, that_is_joined_already_is_not_touched) {
    wpa.is_joined = true;
    EXPECT_EQ(join(true), errc::ok);
    ASSERT_TRUE(outcome);
    EXPECT_LT(took, 200ms) << "nothing was to be checked";
    station->leave();
    station.reset();
    loop.run_for(50ms);
    EXPECT_EQ(wpa.heard, (std::vector<std::string>{"ATTACH", "STATUS"}));
}

TEST_F(wifi, that_we_joined_is_left_at_the_end) {
    wpa.on_select = [&] { wpa.tell(connected); };
    EXPECT_EQ(join(), errc::ok);
    station->rest();
    loop.run_for(20ms);
    EXPECT_FALSE(was_told("REMOVE_NETWORK 7")) << "while at rest it stays";
    station->leave();
    loop.run_for(20ms);
    EXPECT_TRUE(was_told("REMOVE_NETWORK 7"));
}

TEST_F(wifi, with_a_wrong_password_is_refused_at_once_and_tried_again) {
    wpa.on_select = [&] {
        wpa.tell("CTRL-EVENT-SSID-TEMP-DISABLED id=7 ssid=\"home\" auth_failures=1 duration=10 reason=WRONG_KEY");
    };
    EXPECT_EQ(join(), errc::wifi_wrong_key);
    EXPECT_LT(took, 1s);
    // Someone corrects it at the access point.
    wpa.on_select = [&] { wpa.tell(connected); };
    EXPECT_EQ(join(), errc::ok);
    EXPECT_EQ(std::count(wpa.heard.begin(), wpa.heard.end(), "ADD_NETWORK"), 1);
}

TEST_F(wifi, that_does_not_exist_is_not_found_at_once) {
    wpa.on_select = [&] { wpa.tell("CTRL-EVENT-NETWORK-NOT-FOUND "); };
    EXPECT_EQ(join(), errc::wifi_not_found);
    EXPECT_LT(took, 1s);
}

TEST_F(wifi, that_never_answers_is_given_up_after_its_time_with_signs_of_life_before) {
    EXPECT_EQ(join(), errc::wifi_timed_out);
    EXPECT_GE(took, 1900ms);
    EXPECT_LT(took, 3s);
    EXPECT_GE(still_joining, 5);
}

TEST_F(wifi, whose_failures_are_not_definite_goes_on_trying) {
    wpa.on_select = [&] {
        wpa.tell("CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:00:01 status_code=17");
        wpa.tell("CTRL-EVENT-SSID-TEMP-DISABLED id=7 ssid=\"home\" auth_failures=1 duration=10 reason=CONN_FAILED");
        wpa.tell("CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:02 completed [id=3 id_str=]");  // not ours
        wpa.tell(connected);
    };
    EXPECT_EQ(join(), errc::ok);
    EXPECT_TRUE(outcome);
}

TEST_F(wifi, is_stable_when_it_holds) {
    wpa.on_select = [&] { wpa.tell(connected); };
    EXPECT_EQ(join(true), errc::ok);
    EXPECT_GE(took, 300ms);
    EXPECT_LT(took, 1500ms);
}

TEST_F(wifi, is_unstable_when_it_does_not) {
    wpa.on_select = [&] {
        wpa.tell(connected);
        wpa.tell("CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:01 reason=4");
    };
    EXPECT_EQ(join(true), errc::wifi_unstable);
}

TEST_F(wifi, settings_that_are_not_taken_are_named_and_tried_anew) {
    wpa.answer = [](std::string_view command) { return command.find(" psk ") == command.npos ? "" : "FAIL\n"; };
    EXPECT_EQ(join(), errc::wifi_refused);
    loop.run_for(20ms);
    EXPECT_TRUE(was_told("REMOVE_NETWORK 7"));
    wpa.answer = [](std::string_view) { return ""; };
    wpa.on_select = [&] { wpa.tell(connected); };
    EXPECT_EQ(join(), errc::ok);
    EXPECT_TRUE(outcome);
}

TEST_F(wifi, without_wpa_supplicant_says_so_later_and_not_inside_the_call) {
    settings.control = "/nonexistent";
    make();
    begin();
    EXPECT_FALSE(outcome);
    EXPECT_EQ(finish(), errc::wifi_unavailable);
}

TEST_F(wifi, ends_when_wpa_supplicant_does_and_finds_the_next_one) {
    wpa.on_select = [&] { wpa.tell("CTRL-EVENT-TERMINATING "); };
    EXPECT_EQ(join(), errc::wifi_unavailable);
    wpa.heard.clear();
    wpa.on_select = [&] { wpa.tell(connected); };
    EXPECT_EQ(join(), errc::ok);
    EXPECT_TRUE(was_told("ADD_NETWORK")) << "the new one does not know our network";
}

TEST_F(wifi, joining_that_is_cancelled_is_not_told_and_may_begin_again) {
    make();
    begin();
    station->cancel();
    begin();
    loop.run_for(100ms);
    EXPECT_FALSE(outcome);
    wpa.tell(connected);
    EXPECT_EQ(finish(), errc::ok);
    EXPECT_TRUE(outcome);
    EXPECT_EQ(std::count(wpa.heard.begin(), wpa.heard.end(), "ADD_NETWORK"), 1);
}

TEST_F(wifi, has_a_signal_when_wpa_supplicant_knows_one) {
    wpa.is_joined = true;
    EXPECT_EQ(join(), errc::ok);
    EXPECT_EQ(station->signal(), std::nullopt);
    station->poll_signal();
    loop.run_for(50ms);
    EXPECT_EQ(station->signal(), -61);
    wpa.answer = [](std::string_view command) { return command == "SIGNAL_POLL" ? "FAIL\n" : ""; };
    station->poll_signal();
    loop.run_for(50ms);
    EXPECT_EQ(station->signal(), std::nullopt);
}

TEST_F(wifi, at_rest_keeps_no_event_loop_from_ending) {
    boost::asio::io_context other;
    const auto resting = std::make_shared<wifi_station>(other.get_executor(), settings);
    resting->join({.checks_stability = false, .still_joining = [] {}, .done = [](errc) {}});
    other.run_for(20ms);
    resting->rest();
    const auto began = clock::now();
    other.restart();
    other.run_for(10s);
    EXPECT_LT(clock::now() - began, 5s);
}

}  // namespace
}  // namespace mqtt_as::detail
