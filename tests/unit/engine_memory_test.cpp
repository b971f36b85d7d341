// Memory: none allocated per message once warm, an idle client is small, all of it given back, and an engine that
// stays sound whichever allocation fails.
#include "tests/unit/engine_polite_broker.hpp"

namespace engine_tests {
namespace {

class engine_memory : public engine_test {};

/// Publishes `count` messages at `qos`, up to 20 in flight, with an application that keeps no list of its own.
void publish_many(world& w, std::uint8_t qos, int count) {
    const std::string payload(100, 'p');
    for (int done = 0; done < count; done += 20) {
        for (int i = 0; i < 20; ++i) {
            ASSERT_EQ(w->publish(w.now, {.topic = "topic/a", .payload = as_bytes(payload), .qos = qos}).error,
                      errc::ok);
        }
        // The broker's side, as short as possible.
        for (std::vector<std::uint8_t> answers{0}; !answers.empty();) {
            answers.clear();
            std::array<bytes, 16> gather;
            std::vector<std::uint8_t> out;
            while (const std::size_t spans = w->poll_transmit(w.now, gather)) {
                std::size_t size = 0;
                for (std::size_t i = 0; i < spans; ++i) {
                    out.insert(out.end(), gather[i].begin(), gather[i].end());
                    size += gather[i].size();
                }
                w->on_sent(w.now, w.current, size);
                while (w->poll_done() != nullptr) {
                }
            }
            for (std::size_t at = 0; at < out.size();) {
                const bytes one = bytes(out).subspan(at, whole_packet(bytes(out).subspan(at)));
                at += one.size();
                const auto id = id_of(one);
                const auto answer = [&](std::uint8_t type) {
                    const std::uint8_t packet[] = {type, 2, static_cast<std::uint8_t>(id >> 8),
                                                   static_cast<std::uint8_t>(id)};
                    answers.insert(answers.end(), std::begin(packet), std::end(packet));
                };
                if (one[0] == 0x32) answer(0x40);
                if (one[0] == 0x34) answer(0x50);
                if (one[0] == 0x62) answer(0x70);
            }
            for (std::size_t at = 0; at < answers.size();) {
                at += w->on_bytes(w.now, w.current, bytes(answers).subspan(at)).size;
                while (w->poll_done() != nullptr) {
                }
            }
        }
        ASSERT_EQ(w->look().unfinished, 0u);
    }
}

/// Receives `count` messages at `qos` in reads of twenty and acknowledges each when it is taken.
void receive_many(world& w, std::uint8_t qos, int count) {
    const auto give = [&](const std::vector<std::uint8_t>& read, std::size_t piece) {
        for (std::size_t at = 0; at < read.size();) {
            const taken t = w->on_bytes(w.now, w.current, bytes(read).subspan(at, std::min(piece, read.size() - at)));
            at += t.size;
            if (t.received != nullptr) w->acknowledge(w.now, t.received->id);
        }
        std::array<bytes, 16> gather;
        while (const std::size_t spans = w->poll_transmit(w.now, gather)) {
            std::size_t size = 0;
            for (std::size_t i = 0; i < spans; ++i) size += gather[i].size();
            w->on_sent(w.now, w.current, size);
        }
    };
    const std::string payload = hex(std::string(100, 'p'));
    std::vector<std::uint8_t> read;
    std::vector<std::uint8_t> release;
    for (unsigned id = 1; id <= 20; ++id) {
        const std::string with_id = qos == 0 ? "" : u16(id);
        const auto one = unhex(packet(qos == 0   ? "30"
                                      : qos == 1 ? "32"
                                                 : "34",
                                      "00 01 61 " + with_id + w.none() + payload));
        read.insert(read.end(), one.begin(), one.end());
        const auto pubrel = unhex("62 02 " + u16(id));
        release.insert(release.end(), pubrel.begin(), pubrel.end());
    }
    // Every other read comes in pieces, so that packets are put together in the engine's memory, too.
    for (int done = 0; done < count; done += 20) {
        give(read, done % 40 == 0 ? read.size() : 61);
        if (qos == 2) give(release, release.size());
        ASSERT_EQ(w->look().inbox, 0u);
    }
}

TEST_P(engine_memory, no_allocation_in_10000_warm_messages_at_each_qos_in_both_directions) {
    w.go_online();
    const auto all = [&](int count) {
        for (const std::uint8_t qos : every_qos) {
            publish_many(w, qos, count);
            receive_many(w, qos, count);
        }
    };
    all(400);
    const auto warm = w.memory.allocations;
    const auto live = w.memory.live_bytes;
    all(10'000);
    EXPECT_EQ(w.memory.allocations, warm);
    EXPECT_EQ(w.memory.live_bytes, live);
    EXPECT_TRUE(w->is_online());
    EXPECT_EQ(w->count().unknown_acknowledgements, 0u);
}

TEST_P(engine_memory, no_allocation_in_warm_outages) {
    w.config.clean = false;
    w.config.clean_init = false;
    polite_broker broker(w);
    w.start();
    broker.run();
    w.subscribe("f", 1);
    broker.run();
    const auto outage = [&](bool kept) {
        for (int i = 0; i < 20; ++i) w.publish("a", "x", static_cast<std::uint8_t>(i % 3));
        w.flush();
        for (int i = 0; i < 20; ++i) w.publish("a", "x", static_cast<std::uint8_t>(i % 3));
        w.lose();
        broker.session_present = kept;
        broker.skip();
        w.await_attempt();
        broker.run();
        EXPECT_EQ(w->look().unfinished, 0u);
    };
    for (int i = 0; i < 10; ++i) outage(i % 2 == 0);
    const auto warm = w.memory.allocations;
    for (int i = 0; i < 100; ++i) outage(i % 2 == 0);
    EXPECT_EQ(w.memory.allocations, warm);
}

TEST_P(engine_memory, an_idle_client_is_small) {
    w.go_online();
    EXPECT_LT(w.memory.live_bytes, 4'096u);
    // A burst makes it grow; what has been used is kept for the next one.
    for (int i = 0; i < 1'000; ++i) w.publish("a", std::string(100, 'x'), 0);
    w.flush();
    EXPECT_EQ(w->look().unfinished, 0u);
}

TEST_P(engine_memory, a_large_message_does_not_keep_its_memory) {
    w.go_online();
    const auto before = w.memory.live_bytes;
    const std::string payload(1'000'000, 'p');
    const auto all = unhex(packet("30", "00 01 74 " + w.none() + hex(payload)));
    for (std::size_t at = 0; at < all.size(); at += 100'000) {
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(at);
        w.feed_bytes({from, from + static_cast<std::ptrdiff_t>(std::min<std::size_t>(100'000, all.size() - at))});
    }
    EXPECT_TRUE(w.was_delivered("t"));
    w.feed("d0 00");
    EXPECT_LT(w.memory.live_bytes, before + 500'000);
    w.publish("a", payload, 0);
    w.flush();
    EXPECT_LT(w.memory.live_bytes, before + 500'000);
}

TEST_P(engine_memory, all_of_it_is_given_back_in_whatever_state_it_ends) {
    // The memory source of each world checks it when it goes.
    for (const std::uint8_t qos : every_qos) {
        for (const step at : steps_of(qos)) {
            for (const bool cancelled : {false, true}) {
                world v(GetParam());
                const int op = publish_up_to(v, qos, at, {.timeout = 1h});
                v.subscribe("f", 1);
                v.consume = false;
                if (v->is_online()) {
                    v.feed(packet("34", "00 01 61 00 07 " + v.none() + "78") + "32 20 00");
                    v.unsubscribe("g");
                }
                if (cancelled) v.cancel(op);
                v.destroy_engine();
                EXPECT_EQ(v.memory.live_bytes, 0u);
            }
        }
    }
}

TEST_P(engine_memory, an_engine_that_was_never_started_gives_it_back) {
    w.publish("a", "x", 1);
    w.subscribe("f", 1);
    w.destroy_engine();
    EXPECT_EQ(w.memory.live_bytes, 0u);
}

// ---- the memory runs out --------------------------------------------------------------------------------

/// One life with everything in it. Submissions that are rejected for lack of memory are tried again once it is back.
/// What has been accepted ends, and the engine is sound after every step (see world::turn).
class engine_out_of_memory : public engine_test {
protected:
    struct application {
        world& w;
        int accepted = 0;
        int rejected = 0;
        void submitted(int op) {
            if (op != 0) {
                ++accepted;
            } else {
                EXPECT_EQ(w.last_error, errc::out_of_memory);
                ++rejected;
            }
        }
    };

    static void receive(world& w, polite_broker& broker, const std::string& text) {
        if (!w->is_online()) return;
        const auto all = unhex(text);
        for (std::size_t at = 0; at < all.size(); at += 7) {
            const auto from = all.begin() + static_cast<std::ptrdiff_t>(at);
            if (w.feed_bytes({from, from + static_cast<std::ptrdiff_t>(std::min<std::size_t>(7, all.size() - at))}) ==
                taken::why::closed) {
                return;
            }
        }
        broker.run();
    }

    /// Online again, whatever happened.
    static void recover(world& w, polite_broker& broker) {
        broker.run();
        for (int i = 0; i < 50 && !w->is_online(); ++i) {
            if (!w.opening) w.advance(w->deadline() ? *w->deadline() - w.now : 1s);
            broker.run();
        }
    }

    void live(world& v, std::uint64_t fail_at, std::uint64_t fail_count) {
        v.config.clean = false;
        v.config.clean_init = false;
        v.bounds.batch_bytes_max = 4'096;
        v.eng();
        if (fail_at != 0) v.memory.fail(fail_at, fail_count);
        application app{v};
        polite_broker broker(v);
        const std::string large(6'000, 'L');
        v.start();
        recover(v, broker);
        app.submitted(v.subscribe("f/1", 1));
        app.submitted(v.subscribe("f/2", 2));
        broker.run();
        for (int i = 0; i < 12; ++i) {
            app.submitted(v.publish("a", std::string(200, 'x'), static_cast<std::uint8_t>(i % 3), 1min));
        }
        app.submitted(v.publish({.topic = "a", .payload = as_bytes(large), .qos = 1, .payload_stays = true}));
        broker.run();
        receive(v, broker, packet("32", "00 01 61 00 07 " + v.none() + hex(std::string(300, 'm'))));
        receive(v, broker, packet("34", "00 01 61 00 08 " + v.none() + hex(std::string(300, 'm'))));
        receive(v, broker, "62 02 00 08");
        app.submitted(v.unsubscribe("f/2"));
        for (int i = 0; i < 6; ++i)
            app.submitted(v.publish("b", std::string(500, 'y'), static_cast<std::uint8_t>(i % 3)));
        v.flush();
        // An outage in the middle, its session lost: everything is renewed and published again.
        if (v->is_online()) v.lose();
        broker.skip();
        app.submitted(v.publish("c", "z", 1));
        recover(v, broker);
        broker.session_present = true;
        // The memory is back now. What had been accepted ends; new requests work.
        v.memory.fail(1, 0);
        for (int i = 0; i < 20 && v->look().unfinished != 0; ++i) {
            recover(v, broker);
            v.advance(5s);
            broker.run();
        }
        recover(v, broker);
        ASSERT_TRUE(v->is_online());
        EXPECT_EQ(v->look().unfinished, 0u) << v->look().queued << " queued";
        for (int op = 1; op <= app.accepted; ++op) EXPECT_EQ(v.reports(op), 1) << "#" << op;
        const int last = v.publish("d", "after", 2);
        broker.run();
        EXPECT_EQ(v.report(last), "ok");
        receive(v, broker, packet("30", "00 01 65 " + v.none() + hex(std::string(300, 'm'))));
        EXPECT_TRUE(v.was_delivered("e"));
        if (fail_at == 0) {
            EXPECT_EQ(app.rejected, 0);
        }
    }
};

TEST_P(engine_out_of_memory, at_any_single_allocation_leaves_a_sound_engine) {
    live(w, 0, 0);
    const auto all = w.memory.allocations;
    EXPECT_GT(all, 10u);
    for (std::uint64_t n = 1; n <= all; ++n) {
        SCOPED_TRACE("allocation " + std::to_string(n));
        world v(GetParam());
        live(v, n, 1);
        if (HasFatalFailure()) return;
    }
}

TEST_P(engine_out_of_memory, from_any_allocation_on_for_a_while_leaves_a_sound_engine) {
    live(w, 0, 0);
    const auto all = w.memory.allocations;
    for (std::uint64_t n = 1; n <= all; ++n) {
        for (const std::uint64_t count : {3u, 10u, 50u}) {
            SCOPED_TRACE("allocations " + std::to_string(n) + " and " + std::to_string(count) + " in all");
            world v(GetParam());
            live(v, n, count);
            if (HasFatalFailure()) return;
        }
    }
}

TEST_P(engine_out_of_memory, without_room_for_itself_an_engine_says_so) {
    w.memory.fail(1);
    const engine nothing(w.config, w.bounds, w.memory, 1);
    EXPECT_FALSE(nothing.ok());
    EXPECT_EQ(w.memory.live_bytes, 0u);
    EXPECT_TRUE(w->ok());
    EXPECT_GE(w.memory.live_bytes, engine::state_size());
}

TEST_P(engine_out_of_memory, a_rejected_request_creates_nothing) {
    w.start();
    w.memory.fail(1, 1'000'000);
    EXPECT_EQ(w.publish("a", std::string(100'000, 'x'), 1), 0);
    EXPECT_EQ(w.last_error, errc::out_of_memory);
    EXPECT_EQ(w.subscribe(std::string(20'000, 'f'), 1), 0);
    EXPECT_EQ(w.last_error, errc::out_of_memory);
    EXPECT_EQ(w->look().unfinished, 0u);
    EXPECT_EQ(w->look().payload_bytes, 0u);
    EXPECT_EQ(w->look().subscriptions, 0u);
    EXPECT_EQ(w.events(), "");
}

TEST_P(engine_out_of_memory, a_large_packet_that_finds_no_memory_ends_the_connection_and_comes_again) {
    w.config.clean = false;
    w.config.clean_init = false;
    w.go_online();
    w.memory.fail(1, 1'000'000);
    // 60,000 bytes are announced; there is no place for them [MQTT-4.8.0-2].
    w.feed("32 e0 d4 03 00 01 61 00 07");
    EXPECT_EQ(w.closes, 1u);
    EXPECT_EQ(w.events().find("disconnected out_of_memory at online was_online"), 0u);
    w.memory.fail(1, 0);
    w.go_online(true);
    w.feed(packet("3a", "00 01 61 00 07 " + w.none() + hex(std::string(59'990, 'm'))));
    EXPECT_TRUE(w.was_delivered("a"));
    EXPECT_EQ(w.sent(), "40 02 00 07");
}

MQTT_AS_IN_BOTH_VERSIONS(engine_memory);
MQTT_AS_IN_BOTH_VERSIONS(engine_out_of_memory);

}  // namespace
}  // namespace engine_tests
