// Any bytes, to an engine of either version in any phase: an event or a closed connection, never more memory than
// `limits` allow, the same whether they come whole or byte by byte. Afterwards the client comes back, and every
// operation is reported exactly once.
#include "tests/fuzz/target.hpp"
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

enum class at : std::uint8_t { handshake, idle, in_flight, releasing, full_inbox, resuming, draining, count };

/// What a limit of 4 KiB per packet and a few operations come to, with what is recycled.
constexpr std::size_t memory_max = 64u << 10;

class story {
public:
    explicit story(fuzz::input in)
        : w(in.flip() ? version::v5 : version::v3_1_1),
          phase_(static_cast<at>(in.below(static_cast<unsigned>(at::count)))) {
        const std::uint8_t options = in.byte();
        w.config.clean_init = w.config.clean = phase_ != at::resuming && (options & 1) != 0;
        w.config.receive_maximum = (options & 2) != 0 ? 2 : 65'535;
        w.config.properties.request_response_information = w.is_v5() && (options & 4) != 0;
        w.config.properties.request_problem_information = !w.is_v5() || (options & 8) == 0;
        w.bounds = {.operations_max = 8,
                    .payload_bytes_max = 4'096,
                    .subscriptions_max = 4,
                    .inbound_max = 2,
                    .inbound_qos2_max = 8,
                    .packet_bytes_max = 4'096,
                    .batch_bytes_max = 512,
                    .gather_from = 256};
        received_ = in.rest();
    }

    /// What was told and sent when the bytes came so.
    std::string tell(cut how) {
        prepare();
        w.feed_bytes(received_, how);
        return w.events() + " || " + w.sent();
    }

    void come_to_an_end() {
        for (const auto id : std::exchange(w.inbox, {})) w.acknowledge(id);
        if (phase_ == at::draining) {
            w.advance(10s);
            EXPECT_EQ(w->look().now_in, status::phase::stopped);
        } else {
            if (!w.opening) w.lose();
            w.reconnect();
            if (w.opening) w.reconnect();  // a session that begins clean and is kept takes two
            EXPECT_TRUE(w->is_online()) << w.events();
        }
        w.close();
        w.flush();
        for (int operation = 1; operation <= operations_; ++operation) {
            EXPECT_EQ(w.reports(operation), 1) << "#" << operation;
            EXPECT_TRUE(w.is_over(operation)) << "#" << operation;
        }
        EXPECT_LE(w.memory.peak_bytes, memory_max);
        if (fuzz::claims_too_much()) {
            EXPECT_TRUE(w.was_delivered("")) << "a message is always delivered";
        }
    }

private:
    void prepare() {
        w.start();
        w.open();
        w.forget_sent();
        if (phase_ == at::handshake) return;
        w.accept();
        if (phase_ == at::idle) return;
        if (phase_ == at::full_inbox) {
            w.consume = false;
            for (int i = 0; i < 2; ++i) w.feed(packet("30", "00 01 74 " + w.none() + "78"));
            return;
        }
        operations_ = w.publish("t", "x", 1);
        operations_ = w.publish("t", "y", 2);
        w.forget_sent();
        if (phase_ == at::releasing) w.feed("50 02 " + u16(w.last_id()));
        if (phase_ == at::in_flight) {
            operations_ = w.subscribe("f", 1);
            operations_ = w.unsubscribe("g");
        }
        w.forget_sent();
        if (phase_ == at::draining) w.stop(2s);
        if (phase_ == at::resuming) {
            w.lose();
            w.await_attempt();
            w.open();
            w.forget_sent();
        }
        w.events();
    }

    world w;
    at phase_;
    std::vector<std::uint8_t> received_;
    int operations_ = 0;
};

}  // namespace
}  // namespace engine_tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace engine_tests;
    fuzz::make_objections_fatal();
    story whole(fuzz::input(data, size));
    story cut_up(fuzz::input(data, size));
    EXPECT_EQ(whole.tell(cut::whole), cut_up.tell(cut::byte_by_byte));
    whole.come_to_an_end();
    cut_up.come_to_an_end();
    return 0;
}
