// Any script of calls, bytes and time: every accepted operation is reported exactly once, the engine's invariants hold
// after each step, memory stays within what `limits` allow, each connection carries whole packets that begin with one
// CONNECT and end with DISCONNECT, and after `close` nothing is left.
#include "tests/fuzz/target.hpp"
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

/// What the largest limits below come to, with what is recycled.
constexpr std::size_t memory_max = 64u << 10;

std::string_view of_size(std::size_t size) {
    static const std::string text(512, 'x');  // outlives every engine: such a payload may stay where it is
    return std::string_view(text).substr(0, size);
}

class script {
public:
    explicit script(fuzz::input in) : in_(in), w(in_.flip() ? version::v5 : version::v3_1_1), broker_(w) {
        const std::uint8_t options = in_.byte();
        w.config.clean_init = (options & 1) != 0;
        w.config.clean = (options & 2) != 0;
        w.config.qos2_on_lost_session = (options & 4) != 0 ? qos2_policy::report : qos2_policy::republish;
        w.config.on_refusal = (options & 8) != 0 ? refusal_policy::give_up : refusal_policy::retry_at_cap;
        if ((options & 16) != 0) w.config.will = engine_will{.topic = "w", .payload = as_bytes("gone"), .qos = 1};
        w.config.keepalive = in_.one_of<std::uint16_t>({60, 0, 2});
        w.config.response_time = in_.one_of<duration>({duration(10s), duration(1s)});
        w.config.receive_maximum = in_.one_of<std::uint16_t>({65'535, 1, 2});
        w.config.endpoints = in_.one_of<std::uint8_t>({1, 3});
        w.bounds = {.operations_max = in_.one_of<std::uint32_t>({8, 1, 3}),
                    .payload_bytes_max = in_.one_of<std::size_t>({1'024, 16, 100}),
                    .subscriptions_max = in_.one_of<std::uint32_t>({3, 1}),
                    .inbound_max = in_.one_of<std::uint16_t>({4, 1, 2}),
                    .inbound_qos2_max = in_.one_of<std::uint16_t>({4, 1}),
                    .packet_bytes_max = in_.one_of<std::size_t>({2'048, 16, 100}),
                    .batch_bytes_max = in_.one_of<std::size_t>({512, 16, 64}),
                    .gather_from = in_.one_of<std::size_t>({256, 16, 64})};
    }

    void run() {
        if (check(w.config, w.bounds) != errc::ok) return;
        (void)w.eng();  // before memory can run out
        while (!in_.empty()) {
            step();
            judge_what_was_sent();
        }
        w.memory.fail(0, 0);
        w.close();
        w.flush();
        judge_what_was_sent();
        EXPECT_EQ(w.sent().find("torn"), std::string::npos);
        EXPECT_EQ(w->look().unfinished, 0u);
        EXPECT_EQ(w->look().now_in, status::phase::stopped);
        for (int operation = 1; operation <= operations_; ++operation) {
            EXPECT_EQ(w.reports(operation), 1) << "#" << operation;
            EXPECT_TRUE(w.is_over(operation)) << "#" << operation;
            if (fuzz::claims_too_much()) {
                EXPECT_EQ(w.report(operation), "ok") << "every operation succeeds";
            }
        }
        EXPECT_LE(w.memory.peak_bytes, memory_max);
    }

private:
    void step() {
        static constexpr void (script::* verbs[])() = {&script::start,       &script::open,
                                                       &script::accept,      &script::serve,
                                                       &script::publish,     &script::subscribe,
                                                       &script::unsubscribe, &script::cancel,
                                                       &script::pass,        &script::offer,
                                                       &script::take,        &script::flush,
                                                       &script::lose,        &script::stop,
                                                       &script::feed,        &script::answer,
                                                       &script::deliver,     &script::hold,
                                                       &script::acknowledge, &script::change_link,
                                                       &script::ask,         &script::run_out_of_memory,
                                                       &script::refuse};
        (this->*in_.one_of(verbs))();
        w.turn();
    }

    // ---- the application ----
    void start() { (void)w->start(w.now, in_.flip()); }
    void publish() {
        const std::uint8_t options = in_.byte();
        static constexpr std::string_view topics[] = {"t", "a/b", "", "+"};
        const publish_properties given{.message_expiry_interval = 1, .content_type = "c"};
        keep(w.publish({.topic = topics[options >> 6],
                        .payload = as_bytes(of_size(in_.byte())),
                        .qos = static_cast<std::uint8_t>(options & 3),
                        .retain = (options & 4) != 0,
                        .payload_stays = (options & 8) != 0,
                        .timeout = (options & 16) != 0 ? duration(5s) : duration(0),
                        .properties = w.is_v5() && (options & 32) != 0 ? given : no_publish_properties}));
    }
    void subscribe() {
        const std::uint8_t options = in_.byte();
        keep(w.subscribe({.filter = filter_of(options),
                          .qos = static_cast<std::uint8_t>(options >> 2 & 3),
                          .no_local = w.is_v5() && (options & 16) != 0,
                          .timeout = (options & 32) != 0 ? duration(5s) : duration(0)}));
    }
    void unsubscribe() { keep(w.unsubscribe(filter_of(in_.byte()))); }
    void cancel() {
        const unsigned back = in_.byte();
        const auto scope = (back & 1) != 0 ? cancel_scope::if_untouched : cancel_scope::end_wait;
        const int operation = operations_ - static_cast<int>(back >> 1) % 16;
        if (operation > 0) w.cancel(operation, scope);
    }
    void stop() { w.stop(in_.one_of<duration>({duration(0), duration(2s)})); }
    void hold() { w.consume = !w.consume; }
    void acknowledge() {
        if (w.inbox.empty()) return;
        const auto place = w.inbox.begin() + static_cast<std::ptrdiff_t>(in_.byte() % w.inbox.size());
        const acknowledge_id id = *place;
        w.inbox.erase(place);
        w.acknowledge(id);
    }
    void ask() {
        switch (in_.below(3)) {
        case 0: (void)w->ping(w.now); break;
        case 1: (void)w->drop_oldest_qos0(w.now); break;
        default: w->on_peer_progress(w.now, w.current); break;
        }
    }

    // ---- the transport ----
    void open() {
        if (w.opening) w.open();
    }
    void offer() {
        if (w.spans.empty()) w.offer();
    }
    void take() {
        std::size_t offered = 0;
        for (const auto& span : w.spans) offered += span.size();
        if (offered != 0) w.take(in_.byte() % (offered + 1));
    }
    void flush() { w.flush(); }
    void lose() { w.lose(in_.flip() ? errc::connection_closed : errc::connect_failed); }
    void pass() {
        static constexpr int spans[] = {1, 100, 1'000, 5'000, 20'000, 60'000, 600'000};
        w.transport_takes = in_.flip();
        w.advance(duration(in_.one_of(spans)));
    }
    void change_link() {
        if (const unsigned what = in_.below(3); what == 2) {
            w->on_address_lost(w.now, w.current);
        } else {
            w->on_link(w.now, what == 1);
        }
    }
    void run_out_of_memory() { w.memory.fail(1 + in_.below(16), 1 + in_.below(4)); }

    // ---- the server ----
    void serve() {
        broker_.session_present = in_.flip();
        if (w.spans.empty()) broker_.run();
    }
    void accept() {
        static constexpr std::string_view properties[] = {
            "", "21 00 01", "24 00", "25 00", "27 00 00 00 10", "13 00 02", "28 00 29 00 2a 00", "12 00 01 7a"};
        const bool session_present = in_.flip();
        w.accept(session_present, in_.one_of(properties));
    }
    void refuse() {
        static constexpr std::string_view codes[] = {"87", "84", "88", "97"};
        w.feed(w.either("20 02 00 0" + std::to_string(1 + in_.below(5)),
                        "20 03 00 " + std::string(in_.one_of(codes)) + " 00"));
    }
    void feed() { w.feed_bytes(in_.bytes(in_.byte() % 64), in_.flip() ? cut::byte_by_byte : cut::whole); }
    void deliver() {
        const std::uint8_t options = in_.byte();
        const unsigned qos = options & 3;
        const std::string id = qos == 0 ? "" : u16(1 + (options >> 4));
        std::string first;
        append_hex(first, static_cast<std::uint8_t>(0x30 | (options & 0x0F)));
        w.feed(packet(first, "00 01 74 " + id + w.none() + "78"));
    }
    /// An answer that fits, or does not, to one of the packets sent last.
    void answer() {
        static constexpr std::string_view firsts[] = {"40", "50", "62", "70", "90", "b0"};
        const std::string_view first = in_.one_of(firsts);
        unsigned back = in_.below(8);
        unsigned id = 1;
        for (auto at = w.log.rbegin(); at != w.log.rend(); ++at) {
            if (id_of(at->data) == 0) continue;
            id = id_of(at->data);
            if (back-- == 0) break;
        }
        const bool to_filter = first == "90" || first == "b0";
        static constexpr std::string_view codes[] = {"00", "80", "92", "10", "01"};
        const std::string code(in_.one_of(codes));
        w.feed(packet(first, u16(id) + (to_filter ? w.none() + w.either(first == "90" ? code : "", code)
                                                  : w.either("", code == "00" ? "" : " " + code))));
    }

    // ---- what must hold ----
    void keep(int operation) { operations_ = std::max(operations_, operation); }
    static std::string_view filter_of(std::uint8_t options) {
        static constexpr std::string_view filters[] = {"f", "a/#", "$share/g/a", "a#"};
        return filters[options & 3];
    }
    void judge_what_was_sent() {
        for (; judged_ < w.log.size(); ++judged_) {
            const sent_packet& sent = w.log[judged_];
            const unsigned type = sent.data[0] >> 4;
            if (sent.connection != connection_) said_goodbye_ = false;
            EXPECT_EQ(type == 1, sent.connection != connection_) << "CONNECT is the first packet, and only that";
            EXPECT_FALSE(said_goodbye_) << "nothing follows DISCONNECT";
            EXPECT_EQ(whole_packet(sent.data), sent.data.size());
            const bool has_id = (type == 3 && (sent.data[0] & 6) != 0) || (type >= 4 && type <= 10);
            EXPECT_EQ(id_of(sent.data) != 0, has_id) << hex(sent.data);
            connection_ = sent.connection;
            said_goodbye_ = type == 14;
        }
    }

    fuzz::input in_;
    world w;
    polite_broker broker_;
    int operations_ = 0;      // accepted
    std::size_t judged_ = 0;  // packets of the log that have been looked at
    epoch connection_ = 0;    // of the last of them
    bool said_goodbye_ = false;
};

}  // namespace
}  // namespace engine_tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::make_objections_fatal();
    engine_tests::script(fuzz::input(data, size)).run();
    return 0;
}
