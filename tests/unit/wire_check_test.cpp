// What a caller may ask for in each version, and the error for what it may not. Also: an accepted packet can be
// encoded.
#include "tests/unit/wire_bytes.hpp"

#include <string>
#include <vector>

namespace mqtt_as::wire {
namespace {

const std::string longest(65'535, 'x');
const std::string too_long(65'536, 'x');
const std::string not_utf8 = "a\xC3";
const std::string with_zero("a\0b", 3);
constexpr std::uint32_t remaining_length_max_of_the_standard = 268'435'455;

constexpr user_property a_user[] = {{"k", "v"}};

// ---- PUBLISH ------------------------------------------------------------------------------------

TEST(check_publish, wants_a_topic_name) {
    for (const protocol* version : both_versions) {
        EXPECT_EQ(checked(*version, {.topic = "a/b"}), errc::ok);
        EXPECT_EQ(checked(*version, {.topic = longest}), errc::ok);
        EXPECT_EQ(checked(*version, {.topic = "\xE6\xB8\xA9\xE5\xBA\xA6"}), errc::ok);
        for (const std::string& bad :
             {std::string(), std::string("a/+/b"), std::string("#"), too_long, not_utf8, with_zero}) {
            EXPECT_EQ(checked(*version, {.topic = bad}), errc::bad_topic) << name_of(*version);
        }
    }
}

TEST(check_publish, wants_qos_0_1_or_2) {
    for (const protocol* version : both_versions) {
        for (int qos = 0; qos < 256; ++qos) {
            EXPECT_EQ(checked(*version, {.topic = "t", .qos = static_cast<std::uint8_t>(qos)}),
                      qos <= 2 ? errc::ok : errc::bad_qos);
        }
    }
}

TEST(check_publish, accepts_the_largest_packet_and_not_one_byte_more) {
    for (const protocol* version : both_versions) {
        for (std::uint8_t qos = 0; qos <= 2; ++qos) {
            const std::size_t head = 2 + 1 + (qos != 0 ? 2 : 0) + (version->has_properties() ? 1 : 0);
            publish_head packet{
                .topic = "t", .payload = of_size(remaining_length_max_of_the_standard - head), .qos = qos};
            EXPECT_EQ(checked(*version, packet), errc::ok);
            packet.payload = of_size(packet.payload.size() + 1);
            EXPECT_EQ(checked(*version, packet), errc::too_large);
            packet.payload = of_size(SIZE_MAX);
            EXPECT_EQ(checked(*version, packet), errc::too_large);
            packet.payload = of_size(std::size_t{UINT32_MAX} + 1);
            EXPECT_EQ(checked(*version, packet), errc::too_large);
        }
    }
    // With properties: 09 00 01 'd' and their length.
    publish_head packet{.topic = "t",
                        .payload = of_size(remaining_length_max_of_the_standard - 3 - 5),
                        .properties = {.correlation_data = "d"}};
    EXPECT_EQ(checked(v5, packet), errc::ok);
    packet.payload = of_size(packet.payload.size() + 1);
    EXPECT_EQ(checked(v5, packet), errc::too_large);
}

TEST(check_publish, knows_no_properties_in_3_1_1) {
    EXPECT_EQ(checked(v3_1_1, {.topic = "t", .properties = {.message_expiry_interval = 0}}),
              errc::unsupported_by_version);
    EXPECT_EQ(checked(v3_1_1, {.topic = "t", .properties = {.content_type = ""}}), errc::unsupported_by_version);
    EXPECT_EQ(checked(v3_1_1, {.topic = "t", .properties = {.response_topic = ""}}), errc::unsupported_by_version);
    EXPECT_EQ(checked(v3_1_1, {.topic = "t", .properties = {.correlation_data = ""}}), errc::unsupported_by_version);
    EXPECT_EQ(checked(v3_1_1, {.topic = "t", .properties = {.payload_is_utf8 = true}}), errc::unsupported_by_version);
    EXPECT_EQ(checked(v3_1_1, {.topic = "t", .properties = {.user_properties = a_user}}), errc::unsupported_by_version);
}

TEST(check_publish, wants_good_properties_in_5) {
    const auto check = [](const publish_properties& given) { return checked(v5, {.topic = "t", .properties = given}); };
    EXPECT_EQ(check({.message_expiry_interval = 0}), errc::ok);
    EXPECT_EQ(check({.message_expiry_interval = UINT32_MAX}), errc::ok);
    EXPECT_EQ(check({.payload_is_utf8 = true}), errc::ok);

    EXPECT_EQ(check({.content_type = ""}), errc::ok);
    EXPECT_EQ(check({.content_type = longest}), errc::ok);
    for (const std::string& bad : {not_utf8, with_zero, too_long}) {
        EXPECT_EQ(check({.content_type = bad}), errc::bad_properties);
        EXPECT_EQ(check({.response_topic = bad}), errc::bad_properties);
    }
    EXPECT_EQ(check({.response_topic = "a/b"}), errc::ok);
    for (const char* bad : {"", "a/+", "#"}) EXPECT_EQ(check({.response_topic = bad}), errc::bad_properties) << bad;

    EXPECT_EQ(check({.correlation_data = not_utf8}), errc::ok);
    EXPECT_EQ(check({.correlation_data = longest}), errc::ok);
    EXPECT_EQ(check({.correlation_data = too_long}), errc::bad_properties);
}

TEST(check_publish, refuses_user_properties_that_no_packet_can_hold) {
    const std::string text(65'535, 'a');
    const std::vector<user_property> all(2'049, {text, text});  // 268,562,430 bytes; 268,435,455 are allowed
    EXPECT_EQ(checked(v5, {.topic = "t", .properties = {.user_properties = all}}), errc::too_large);
}

TEST(check_publish, wants_good_user_properties) {
    const auto check = [](user_property one) {
        const user_property all[] = {{"k", "v"}, one};
        return checked(v5, {.topic = "t", .properties = {.user_properties = all}});
    };
    EXPECT_EQ(check({"", ""}), errc::ok);
    EXPECT_EQ(check({longest, longest}), errc::ok);
    for (const std::string& bad : {not_utf8, with_zero, too_long}) {
        EXPECT_EQ(check({bad, "v"}), errc::bad_properties);
        EXPECT_EQ(check({"k", bad}), errc::bad_properties);
    }
}

TEST(check_publish, counts_user_properties_against_the_largest_packet) {
    const std::vector<user_property> all(2048, user_property{longest, longest});  // 2048 * 131,075 = 268,441,600
    EXPECT_EQ(checked(v5, {.topic = "t", .properties = {.user_properties = all}}), errc::too_large);
    const std::span<const user_property> most(all.data(), 2047);
    EXPECT_EQ(checked(v5, {.topic = "t", .properties = {.user_properties = most}}), errc::ok);
    EXPECT_EQ(checked(v5, {.topic = "t", .payload = of_size(200'000), .properties = {.user_properties = most}}),
              errc::too_large);
    EXPECT_EQ(v5.check_request(packet_type::subscribe, {.filter = "f", .properties = {.user_properties = all}}),
              errc::too_large);
    EXPECT_EQ(v5.check_request(packet_type::unsubscribe, {.filter = "f", .properties = {.user_properties = all}}),
              errc::too_large);
    EXPECT_EQ(check_connect(v5, {.client_id = "c", .properties = {.user_properties = all}}), errc::too_large);
    EXPECT_EQ(check_connect(v5, {.client_id = "c", .properties = {.user_properties = most}}), errc::ok);
}

// ---- SUBSCRIBE, UNSUBSCRIBE ---------------------------------------------------------------------

TEST(check_subscribe, wants_a_topic_filter_and_a_qos) {
    for (const protocol* version : both_versions) {
        for (const char* good : {"a/b", "#", "a/+/b", "$share/g/a"}) {
            EXPECT_EQ(version->check_request(packet_type::subscribe, {.filter = good}), errc::ok) << good;
            EXPECT_EQ(version->check_request(packet_type::unsubscribe, {.filter = good}), errc::ok) << good;
        }
        for (const std::string& bad : {std::string(), std::string("a#"), std::string("a/#/b"), std::string("$share/g"),
                                       too_long, not_utf8, with_zero}) {
            EXPECT_EQ(version->check_request(packet_type::subscribe, {.filter = bad}), errc::bad_filter);
            EXPECT_EQ(version->check_request(packet_type::unsubscribe, {.filter = bad}), errc::bad_filter);
        }
        EXPECT_EQ(version->check_request(packet_type::subscribe, {.filter = longest, .qos = 2}), errc::ok);
        for (int qos = 3; qos < 256; ++qos) {
            EXPECT_EQ(
                version->check_request(packet_type::subscribe, {.filter = "f", .qos = static_cast<std::uint8_t>(qos)}),
                errc::bad_qos);
        }
    }
}

TEST(check_subscribe, knows_options_and_properties_in_5_only) {
    const subscribe packets[] = {
        {.filter = "f", .no_local = true},
        {.filter = "f", .retain_as_published = true},
        {.filter = "f", .retain_handling = 1},
        {.filter = "f", .retain_handling = 2},
        {.filter = "f", .properties = {.subscription_identifier = 1}},
        {.filter = "f", .properties = {.user_properties = a_user}},
    };
    for (const subscribe& packet : packets) {
        EXPECT_EQ(v3_1_1.check_request(packet_type::subscribe, packet), errc::unsupported_by_version);
        EXPECT_EQ(v5.check_request(packet_type::subscribe, packet), errc::ok);
    }
    EXPECT_EQ(
        v3_1_1.check_request(packet_type::unsubscribe, {.filter = "f", .properties = {.user_properties = a_user}}),
        errc::unsupported_by_version);
    EXPECT_EQ(v5.check_request(packet_type::unsubscribe, {.filter = "f", .properties = {.user_properties = a_user}}),
              errc::ok);
}

TEST(check_subscribe, wants_options_within_their_range) {
    for (int handling = 3; handling < 256; ++handling) {
        EXPECT_EQ(v5.check_request(packet_type::subscribe,
                                   {.filter = "f", .retain_handling = static_cast<std::uint8_t>(handling)}),
                  errc::bad_properties);
    }
    // [MQTT-3.8.3-4]
    EXPECT_EQ(v5.check_request(packet_type::subscribe, {.filter = "$share/g/a", .no_local = true}),
              errc::bad_properties);
    EXPECT_EQ(v5.check_request(packet_type::subscribe, {.filter = "$share/g/a"}), errc::ok);
}

TEST(check_subscribe, wants_a_subscription_identifier_from_1_to_268435455) {
    const auto check = [](std::uint32_t identifier) {
        return v5.check_request(packet_type::subscribe,
                                {.filter = "f", .properties = {.subscription_identifier = identifier}});
    };
    EXPECT_EQ(check(0), errc::bad_properties);
    EXPECT_EQ(check(1), errc::ok);
    EXPECT_EQ(check(268'435'455), errc::ok);
    EXPECT_EQ(check(268'435'456), errc::bad_properties);
    EXPECT_EQ(check(UINT32_MAX), errc::bad_properties);
    EXPECT_EQ(v5.check_request(packet_type::unsubscribe, {.filter = "f", .properties = {.subscription_identifier = 1}}),
              errc::bad_properties);
}

TEST(check_subscribe, wants_good_user_properties_as_unsubscribe_does) {
    for (const std::string& bad : {not_utf8, with_zero, too_long}) {
        const user_property all[] = {{bad, "v"}};
        EXPECT_EQ(v5.check_request(packet_type::subscribe, {.filter = "f", .properties = {.user_properties = all}}),
                  errc::bad_properties);
        EXPECT_EQ(v5.check_request(packet_type::unsubscribe, {.filter = "f", .properties = {.user_properties = all}}),
                  errc::bad_properties);
    }
}

// ---- CONNECT ------------------------------------------------------------------------------------

TEST(check_connect, wants_a_client_identifier_that_is_a_string) {
    for (const protocol* version : both_versions) {
        EXPECT_EQ(check_connect(*version, {.client_id = "id"}), errc::ok);
        EXPECT_EQ(check_connect(*version, {.client_id = ""}), errc::ok);
        EXPECT_EQ(check_connect(*version, {.client_id = longest}), errc::ok);
        for (const std::string& bad : {not_utf8, with_zero, too_long}) {
            EXPECT_EQ(check_connect(*version, {.client_id = bad}), errc::bad_client_id);
        }
    }
}

TEST(check_connect, wants_good_credentials) {
    for (const protocol* version : both_versions) {
        EXPECT_EQ(check_connect(*version, {.client_id = "c", .user = ""}), errc::ok);
        EXPECT_EQ(check_connect(*version, {.client_id = "c", .user = longest, .password = longest}), errc::ok);
        EXPECT_EQ(check_connect(*version, {.client_id = "c", .user = "u", .password = not_utf8}), errc::ok);  // binary
        EXPECT_EQ(check_connect(*version, {.client_id = "c", .user = "u", .password = too_long}),
                  errc::bad_credentials);
        for (const std::string& bad : {not_utf8, with_zero, too_long}) {
            EXPECT_EQ(check_connect(*version, {.client_id = "c", .user = bad}), errc::bad_credentials);
        }
    }
    EXPECT_EQ(check_connect(v3_1_1, {.client_id = "c", .password = "p"}), errc::bad_credentials);  // [MQTT-3.1.2-22]
    EXPECT_EQ(check_connect(v5, {.client_id = "c", .password = "p"}), errc::ok);
}

TEST(check_connect, wants_a_good_will) {
    const byte_string largest(65'535, 0);
    const byte_string larger(65'536, 0);
    for (const protocol* version : both_versions) {
        const auto check = [version](const will& last) {
            return check_connect(*version, {.client_id = "c", .last_will = &last});
        };
        EXPECT_EQ(check({.topic = "t", .payload = largest, .qos = 2, .retain = true}), errc::ok);
        EXPECT_EQ(check({.topic = "t", .payload = {}}), errc::ok);
        EXPECT_EQ(check({.topic = "t", .payload = larger}), errc::bad_will);
        EXPECT_EQ(check({.topic = "t", .payload = {}, .qos = 3}), errc::bad_will);
        for (const std::string& bad :
             {std::string(), std::string("a/#"), std::string("+"), not_utf8, with_zero, too_long}) {
            EXPECT_EQ(check({.topic = bad, .payload = {}}), errc::bad_will);
        }
    }
}

TEST(check_connect, knows_properties_in_5_only) {
    const auto both = [](const given_connect& packet) {
        EXPECT_EQ(check_connect(v3_1_1, packet), errc::unsupported_by_version);
        EXPECT_EQ(check_connect(v5, packet), errc::ok);
    };
    both({.client_id = "c", .properties = {.request_response_information = true}});
    both({.client_id = "c", .properties = {.request_problem_information = false}});
    both({.client_id = "c", .properties = {.user_properties = a_user}});
    const will delayed{.topic = "t", .delay_interval = 1};
    both({.client_id = "c", .last_will = &delayed});
    const publish_properties some{.content_type = "c"};
    const will typed{.topic = "t", .properties = &some};
    both({.client_id = "c", .last_will = &typed});
}

TEST(check_connect, wants_good_properties_in_5) {
    const user_property bad_user[] = {{not_utf8, "v"}};
    EXPECT_EQ(check_connect(v5, {.client_id = "c", .receive_maximum = 0}), errc::bad_properties);
    EXPECT_EQ(check_connect(v5, {.client_id = "c", .properties = {.user_properties = bad_user}}), errc::bad_properties);
    const publish_properties bad_topic{.response_topic = "#"};
    const publish_properties bad_users{.user_properties = bad_user};
    for (const publish_properties* bad : {&bad_topic, &bad_users}) {
        const will last{.topic = "t", .properties = bad};
        EXPECT_EQ(check_connect(v5, {.client_id = "c", .last_will = &last}), errc::bad_properties);
    }
}

}  // namespace
}  // namespace mqtt_as::wire
