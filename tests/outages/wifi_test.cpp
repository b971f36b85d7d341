// A client that joins its network itself: a real wpa_supplicant, on a wire in place of the air.
#include "tests/outages/network.hpp"

#include <fstream>
#include <iterator>

namespace mqtt_as::outages {
namespace {

using std::chrono::duration_cast;
using std::chrono::steady_clock;

class wifi_client : public on_a_network {
protected:
    void SetUp() override {
        NEEDS_NET_NAMESPACES();
        ASSERT_TRUE(test::find_program("wpa_supplicant")) << "not installed (Debian: wpasupplicant)";
        w_ = std::make_unique<network_world>(GetParam());
    }
    void start_wpa_supplicant() {
        std::ofstream(folder_.path() / "conf") << "ctrl_interface=" << control() << "\nap_scan=0\n";
        const std::string program = *test::find_program("wpa_supplicant");
        wpa_ = w_->start_on_client_side({program, "-Dwired", "-iwifi", "-c" + (folder_.path() / "conf").string()},
                                        folder_.path() / "log");
        ASSERT_TRUE(test::eventually(5s, [&] { return std::filesystem::exists(control() + "/wifi"); }));
    }
    config settings() const {
        config c = w_->remote("10.9.1.2");
        c.ssid = "a wire";
        c.wpa_supplicant = control();
        return c;
    }
    /// Connects the publisher; how long that took.
    milliseconds connect(connect_options options) {
        w_->publisher = std::make_unique<peer>(w_->client_side, settings());
        const moment began = steady_clock::now();
        w_->publisher->client.connect(options, [](std::error_code, connect_result) {});
        EXPECT_TRUE(w_->publisher->wait_online(15s)) << w_->publisher->client.explain().text();
        const auto took = duration_cast<milliseconds>(steady_clock::now() - began);
        std::cout << "    joined and connected after " << took.count() << " ms" << std::endl;
        return took;
    }
    std::string control() const { return folder_.path() / "control"; }
    /// How often wpa_supplicant said this.
    std::size_t said(const std::string& what) const {
        std::ifstream in(folder_.path() / "log");
        const std::string log(std::istreambuf_iterator<char>(in), {});
        std::size_t count = 0;
        for (std::size_t at = log.find(what); at != log.npos; at = log.find(what, at + 1)) ++count;
        return count;
    }

    test::temp_folder folder_;
    std::unique_ptr<network_world> w_;
    std::unique_ptr<test::child_process> wpa_;
};

INSTANTIATE_TEST_SUITE_P(network, wifi_client, testing::Values(protocol_version::v3_1_1, protocol_version::v5),
                         name_of);

TEST_P(wifi_client, joins_its_network_and_leaves_it_when_it_is_closed) {
    start_wpa_supplicant();
    connect({.quick = true});
    EXPECT_EQ(said("CTRL-EVENT-CONNECTED"), 1u);
    // An end in good order keeps the network; another connection finds it joined.
    EXPECT_EQ(w_->publisher->disconnect(), errc::ok);
    w_->publisher->client.connect([](std::error_code, connect_result) {});
    EXPECT_TRUE(w_->publisher->wait_online(3s)) << w_->publisher->client.explain().text();
    EXPECT_EQ(said("CTRL-EVENT-CONNECTED"), 1u);
    const std::size_t left = said("CTRL-EVENT-DISCONNECTED");
    w_->publisher->client.close();
    EXPECT_TRUE(test::eventually(5s, [&] { return said("CTRL-EVENT-DISCONNECTED") > left; }));
}

TEST_P(wifi_client, checks_for_5_s_that_its_network_is_stable_unless_it_is_to_be_quick) {
    start_wpa_supplicant();
    const milliseconds took = connect({.quick = false});
    EXPECT_GE(took, 5s);
    EXPECT_LT(took, 7s);
    w_->publisher.reset();
    EXPECT_LT(connect({.quick = true}), 3s);
}

TEST_P(wifi_client, leaves_its_network_alone_when_only_the_broker_is_gone) {
    start_wpa_supplicant();
    connect({.quick = true});
    const std::size_t left = said("CTRL-EVENT-DISCONNECTED");
    for (int i = 0; i < 3; ++i) {
        w_->broker.kill();
        ASSERT_TRUE(w_->publisher->wait_outage(static_cast<std::size_t>(i + 1), 5s));
        w_->broker.start();
        const moment back = steady_clock::now();
        ASSERT_TRUE(w_->publisher->wait_online(5s));
        world::note("the broker is back: connected", back, steady_clock::now());
    }
    EXPECT_EQ(said("CTRL-EVENT-CONNECTED"), 1u);
    EXPECT_EQ(said("CTRL-EVENT-DISCONNECTED"), left);
}

TEST_P(wifi_client, goes_on_trying_without_wpa_supplicant_and_says_that_it_is_missing) {
    w_->publisher = std::make_unique<peer>(w_->client_side, settings());
    w_->publisher->client.connect({.quick = true, .retry = true}, [](std::error_code, connect_result) {});
    const auto text = [&] { return w_->publisher->client.explain().text(); };
    EXPECT_TRUE(test::eventually(5s, [&] {
        return text().find("wpa_supplicant cannot be reached") != std::string::npos;
    })) << text();
    start_wpa_supplicant();
    EXPECT_TRUE(w_->publisher->wait_online(5s)) << text();
}

}  // namespace
}  // namespace mqtt_as::outages
