// An engine as boards have it: one block, whole at construction; room for all limits at once; running out is an error.
#include "mqtt_as/board_memory.hpp"

#include "tests/unit/engine_fixture.hpp"

namespace engine_tests {
namespace {

class board_memory : public engine_test {
protected:
    board_memory() {
        w.bounds = small_board_limits;
        w.config.clean = false;
        w.config.clean_init = false;
    }
    /// A payload that makes a PUBLISH of `whole` bytes, qos above 0, to the topic "t".
    std::string payload_for(std::size_t whole) const { return std::string(whole - 7 - (w.is_v5() ? 1 : 0), 'p'); }
    /// A filter of the length for which `memory_required` makes room.
    static std::string filter(std::size_t n) { return std::string(filter_text_bytes - 1, 'f') + std::to_string(n); }
    void subscribe_to_all() {
        for (std::size_t n = 0; n < small_board_limits.subscriptions_max; ++n) {
            ASSERT_NE(w.subscribe(filter(n), 1), 0) << describe(w.last_error);
            w.flush();
            w.feed(packet("90", u16(w.last_id()) + w.none() + "01"));
        }
        w.events();
    }
};

TEST_P(board_memory, is_taken_whole_at_construction_and_never_again) {
    w.go_online();
    const std::size_t all = memory_required(small_board_limits);
    EXPECT_EQ(w.memory.allocations, 1u);
    EXPECT_EQ(w.memory.live_bytes, all);
    subscribe_to_all();
    for (int i = 0; i < 100; ++i) {
        w.publish("t", "x", static_cast<std::uint8_t>(i % 3));
        w.lose();
        w.reconnect(i % 2 == 0);
        w.feed(packet("32", "00 01 61 00 07 " + w.none() + "'m'"));
        w.flush();
        w.cancel(i + 1 + static_cast<int>(small_board_limits.subscriptions_max));
    }
    EXPECT_EQ(w.memory.allocations, 1u);
    EXPECT_EQ(w.memory.live_bytes, all);
}

TEST_P(board_memory, a_connect_that_finds_no_room_says_so) {
    const std::string password(small_board_limits.packet_bytes_max, 'p');
    w.config.user = "u";
    w.config.password = password;
    w.start();
    w.open();
    w.flush();
    w.advance(w.config.response_time);
    EXPECT_EQ(w.events(), "disconnected too_large at mqtt | waiting");
}

TEST_P(board_memory, has_room_for_all_limits_at_once) {
    w.go_online();
    subscribe_to_all();
    // A packet that comes in pieces, as large as any.
    const std::size_t around_payload = 2 + 1 + 3 + (w.is_v5() ? 1 : 0);
    w.feed(packet("30",
                  "00 01 61" + w.none() + hex(std::string(small_board_limits.packet_bytes_max - around_payload, 'm'))),
           cut::byte_by_byte);
    EXPECT_TRUE(w.was_delivered("a"));
    // The inbox: qos 2, so that the identifiers take their places, too.
    w.consume = false;
    for (unsigned id = 1; id <= small_board_limits.inbound_max; ++id)
        EXPECT_EQ(w.feed(packet("34", "00 01 61 " + u16(id) + w.none())), taken::why::packet);
    // Operations, and all the bytes that they may have.
    const std::size_t each = small_board_limits.payload_bytes_max / small_board_limits.operations_max;
    for (std::uint32_t n = 0; n < small_board_limits.operations_max; ++n)
        EXPECT_NE(w.publish("t", payload_for(each), 2), 0) << n << ": " << describe(w.last_error);
    EXPECT_EQ(w->look().payload_bytes, small_board_limits.payload_bytes_max);
    EXPECT_EQ(w.publish("t", "x", 1), 0);
    EXPECT_EQ(w.last_error, errc::queue_full);
    EXPECT_EQ(w.subscribe("one more", 1), 0);
    EXPECT_EQ(w.last_error, errc::queue_full);
    // All of it goes out, and the connection is none the worse.
    EXPECT_EQ(w.sent_packets().size(), small_board_limits.subscriptions_max + small_board_limits.operations_max);
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w.memory.allocations, 1u);
}

TEST_P(board_memory, of_another_size_or_in_use_is_refused) {
    alignas(std::max_align_t) static std::uint8_t block[memory_required(small_board_limits)];
    block_memory small(std::span<std::uint8_t>(block, sizeof block - 1));
    EXPECT_FALSE(engine(w.config, w.bounds, small, 1).ok());
    block_memory enough(block);
    {
        const engine first(w.config, w.bounds, enough, 1);
        EXPECT_TRUE(first.ok());
        EXPECT_FALSE(engine(w.config, w.bounds, enough, 1).ok());
    }
    EXPECT_TRUE(engine(w.config, w.bounds, enough, 1).ok());  // given back
    mqtt_as::board_memory<small_board_limits> own;
    EXPECT_TRUE(engine(w.config, w.bounds, own, 1).ok());
}

TEST_P(board_memory, of_64_KiB_is_refused) {
    limits large = small_board_limits;
    large.payload_bytes_max = 70'000;
    alignas(std::max_align_t) static std::uint8_t block[100'000];
    ASSERT_LE(memory_required(large), sizeof block);
    block_memory enough(block);
    EXPECT_FALSE(engine(w.config, large, enough, 1).ok());
}

TEST_P(board_memory, running_out_is_an_error_and_nothing_else) {
    w.go_online();
    // Larger than any packet, or than all that publishes may have.
    EXPECT_EQ(w.publish("t", std::string(small_board_limits.packet_bytes_max, 'x'), 1), 0);
    EXPECT_EQ(w.last_error, errc::too_large);
    EXPECT_NE(w.publish("t", payload_for(small_board_limits.payload_bytes_max / 2 + 1), 1), 0);
    EXPECT_EQ(w.publish("t", payload_for(small_board_limits.payload_bytes_max / 2), 1), 0);
    EXPECT_EQ(w.last_error, errc::queue_full);
    // A filter for which there is no place any more.
    char letter = 'a';
    while (w.subscribe(std::string(200, letter), 1) != 0) ++letter;
    EXPECT_EQ(w.last_error, errc::out_of_memory);
    // What was accepted goes its way.
    EXPECT_EQ(w.sent_packets().size(), 1u + static_cast<std::size_t>(letter - 'a'));
    EXPECT_TRUE(w->is_online());
}

TEST_P(board_memory, filters_that_lie_between_publishes_leave_smaller_pieces) {
    w.bounds.payload_bytes_max = 2'000;
    w.bounds.packet_bytes_max = 1'000;
    w.go_online();
    for (std::size_t n = 0; n < 2; ++n) {
        EXPECT_NE(w.publish("t", payload_for(750), 0), 0);
        EXPECT_NE(w.subscribe(filter(n), 1), 0);
    }
    for (const std::string& each : w.sent_packets()) {
        if (each.starts_with("82")) w.feed(packet("90", u16(id_of(each)) + w.none() + "01"));
    }
    EXPECT_EQ(w->look().unfinished, 0u);
    EXPECT_EQ(w.publish("t", payload_for(990), 0), 0);
    EXPECT_EQ(w.last_error, errc::out_of_memory);
    // It is not lost for ever.
    w.unsubscribe(filter(0));
    w.flush();
    w.feed(packet("b0", u16(w.last_id()) + w.none() + w.either("", "00")));
    EXPECT_NE(w.publish("t", payload_for(990), 0), 0);
}

TEST_P(board_memory, renewals_that_find_none_wait_for_what_is_under_way) {
    w.go_online();
    subscribe_to_all();
    w.lose();
    const std::size_t each = small_board_limits.payload_bytes_max / small_board_limits.operations_max;
    for (std::uint32_t n = 0; n < small_board_limits.operations_max; ++n) w.publish("t", payload_for(each), 1);
    w.events();
    w.reconnect(false);
    // There is no room for four SUBSCRIBE beside them. All that can be sent is sent and answered, again and again.
    for (int round = 0; round < 20; ++round) {
        for (const std::string& packet_sent : w.sent_packets()) {
            const std::string id =
                packet_sent.substr(0, 2) == "82" ? packet_sent.substr(6, 5) : packet_sent.substr(15, 5);
            if (packet_sent.substr(0, 2) == "82") w.feed(packet("90", id + w.none() + "01"));
            if (packet_sent.substr(0, 2) == "32") w.feed("40 02 " + id);
        }
    }
    EXPECT_TRUE(w->is_online());
    EXPECT_NE(w.events().find("renewed"), std::string::npos);
    EXPECT_EQ(w->look().unfinished, 0u);
}

MQTT_AS_IN_BOTH_VERSIONS(board_memory);

}  // namespace
}  // namespace engine_tests
