// What an engine can be made of: `check` accepts good configurations and names what is wrong with others.
#include "mqtt_as/engine_config.hpp"

#include "tests/unit/engine_fixture.hpp"

namespace engine_tests {
namespace {

class engine_config_check : public engine_test {
protected:
    errc verdict() { return check(w.config, w.bounds); }
};

TEST_P(engine_config_check, accepts_the_defaults) { EXPECT_EQ(verdict(), errc::ok); }

TEST_P(engine_config_check, accepts_an_empty_client_identifier_only_with_a_clean_session) {
    w.config.client_id = "";
    EXPECT_EQ(verdict(), errc::ok);
    // A session is found by the identifier: one that is kept or continued needs a name [MQTT-3.1.3-7].
    w.config.clean = false;
    EXPECT_NE(verdict(), errc::ok);
    w.config.clean = true;
    w.config.clean_init = false;
    EXPECT_NE(verdict(), errc::ok);
    w.config.client_id = "c";
    EXPECT_EQ(verdict(), errc::ok);
}

TEST_P(engine_config_check, accepts_a_password_without_a_user_only_in_version_5) {
    // 3.1.1 forbids it [MQTT-3.1.2-22], 5 allows it.
    w.config.password = "secret";
    EXPECT_EQ(verdict() == errc::ok, w.is_v5());
    w.config.user = "u";
    EXPECT_EQ(verdict(), errc::ok);
    // A user with an empty password, and an empty user, are well-formed.
    w.config.user = "";
    w.config.password = "";
    EXPECT_EQ(verdict(), errc::ok);
}

TEST_P(engine_config_check, refuses_texts_that_are_not_utf8_or_hold_a_zero) {
    const std::string_view bad[] = {"\xC3\x28", "\xED\xA0\x80", std::string_view("a\0b", 3)};
    for (const auto text : bad) {
        SCOPED_TRACE(hex(text));
        auto config = w.config;
        config.client_id = text;
        EXPECT_NE(check(config, w.bounds), errc::ok);
        config = w.config;
        config.user = text;
        EXPECT_NE(check(config, w.bounds), errc::ok);
        config = w.config;
        config.will = engine_will{.topic = text, .payload = {}};
        EXPECT_NE(check(config, w.bounds), errc::ok);
    }
    // A password and a will's payload are any bytes.
    w.config.user = "u";
    w.config.password = bad[0];
    w.config.will = engine_will{.topic = "t", .payload = as_bytes(bad[2])};
    EXPECT_EQ(verdict(), errc::ok);
}

TEST_P(engine_config_check, refuses_a_will_that_could_not_be_published) {
    w.config.will = engine_will{.topic = "a/+", .payload = {}};
    EXPECT_NE(verdict(), errc::ok);
    w.config.will = engine_will{.topic = "", .payload = {}};
    EXPECT_NE(verdict(), errc::ok);
    w.config.will = engine_will{.topic = "a", .payload = {}, .qos = 3};
    EXPECT_NE(verdict(), errc::ok);
    w.config.will = engine_will{.topic = "a", .payload = {}, .qos = 2, .retain = true};
    EXPECT_EQ(verdict(), errc::ok);
}

TEST_P(engine_config_check, refuses_texts_too_long_for_their_length_field) {
    const std::string longest(65'535, 'x');
    const std::string too_long(65'536, 'x');
    w.config.client_id = longest;
    EXPECT_EQ(verdict(), errc::ok);
    w.config.client_id = too_long;
    EXPECT_NE(verdict(), errc::ok);
    w.config.client_id = "c";
    w.config.user = "u";
    w.config.password = too_long;
    EXPECT_NE(verdict(), errc::ok);
    w.config.password = "p";
    w.config.will = engine_will{.topic = "t", .payload = as_bytes(too_long)};
    EXPECT_NE(verdict(), errc::ok);
}

TEST_P(engine_config_check, refuses_numbers_that_make_no_client) {
    const auto refused = [this](auto change) {
        auto config = w.config;
        auto bounds = w.bounds;
        change(config, bounds);
        return check(config, bounds) != errc::ok;
    };
    EXPECT_TRUE(refused([](auto& c, auto&) { c.protocol = nullptr; }));
    EXPECT_TRUE(refused([](auto& c, auto&) { c.response_time = 0ms; }));
    EXPECT_TRUE(refused([](auto& c, auto&) { c.ping_interval = -1ms; }));
    EXPECT_TRUE(refused([](auto& c, auto&) { c.endpoints = 0; }));
    EXPECT_TRUE(refused([](auto& c, auto&) { c.backoff.first_step = 0ms; }));
    EXPECT_TRUE(refused([](auto& c, auto&) { c.backoff.cap = 0ms; }));
    EXPECT_TRUE(refused([](auto&, auto& l) { l.operations_max = 0; }));
    EXPECT_TRUE(refused([](auto&, auto& l) { l.inbound_max = 0; }));
    EXPECT_TRUE(refused([](auto&, auto& l) { l.packet_bytes_max = 0; }));
    EXPECT_TRUE(refused([](auto& c, auto&) { c.receive_maximum = 0; }));
}

MQTT_AS_IN_BOTH_VERSIONS(engine_config_check);

}  // namespace
}  // namespace engine_tests
