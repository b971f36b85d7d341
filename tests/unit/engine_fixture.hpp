// One engine in a world of its own: virtual time, counted memory, a transport that takes what it is told to take,
// and a record of every packet sent and every event reported.
#pragma once

#include "mqtt_as/engine.hpp"
#include "tests/unit/counting_memory.hpp"
#include "tests/unit/engine_text.hpp"

#include <array>
#include <chrono>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace engine_tests {

using namespace std::chrono_literals;

enum class version { v3_1_1, v5 };

inline constexpr std::uint8_t every_qos[] = {0, 1, 2};

/// How received bytes are cut before the engine gets them.
enum class cut { whole, byte_by_byte };

struct sent_packet {
    time_point at;
    epoch connection;
    std::vector<std::uint8_t> data;
};

class world {
public:
    explicit world(version v) : version_(v) {
        config.protocol = v == version::v5 ? &wire::v5 : &wire::v3_1_1;
        config.client_id = "c";
    }
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    // ---- to be changed before the engine is first used ----
    engine_config config;
    limits bounds;
    std::uint64_t seed = 42;
    time_point now{1'000'000};

    // ---- how this world behaves ----
    bool consume = true;          ///< every message is acknowledged as soon as it is taken
    bool answers_close = true;    ///< a close command is answered by on_closed at once
    bool checks = true;           ///< the engine's invariants are looked at after each step
    bool transport_takes = true;  ///< `advance` lets the transport take what the engine has to send

    // ---- on record ----
    counting_memory memory;
    std::vector<sent_packet> log;       ///< every packet the transport took, whole
    std::vector<acknowledge_id> inbox;  ///< messages not consumed
    std::vector<waiting> waits;
    std::optional<command> opening;  ///< the open command that has not been answered
    std::uint32_t opens = 0;
    std::uint32_t closes = 0;
    epoch current = 0;                        ///< of the last open command
    errc last_error = errc::ok;               ///< of the last submission
    taken last_taken{taken::why::need_more};  ///< of the last on_bytes

    engine* operator->() { return &eng(); }
    engine& eng() {
        if (!engine_) {
            engine_ = std::make_unique<engine>(config, bounds, memory, seed);
            engine_->check();
        }
        return *engine_;
    }
    void destroy_engine() { engine_.reset(); }

    bool is_v5() const { return version_ == version::v5; }
    /// The bytes of the version under test.
    std::string either(std::string v3, std::string v5) const { return is_v5() ? v5 : v3; }
    /// The length of an empty property list, where the version has properties.
    std::string none() const { return either("", " 00 "); }

    // ---- connecting ----
    void start(bool retry = true) {
        EXPECT_EQ(eng().start(now, retry), errc::ok);
        turn();
    }
    /// Answers the open command: the transport is open.
    void open() {
        ASSERT_TRUE(opening) << "the engine does not want to connect";
        opening.reset();
        transport_open_ = true;
        partial_.clear();
        eng().on_opened(now, current);
        turn();
    }
    std::string connack(bool session_present, std::string_view properties = {}) const {
        const std::string flags = session_present ? "01 00" : "00 00";
        if (!is_v5()) return packet("20", flags);
        return packet("20", flags + packet("", properties));
    }
    void accept(bool session_present = false, std::string_view properties = {}) {
        feed(connack(session_present, properties));
    }
    /// From anywhere to online; what was sent and reported on the way is forgotten.
    void go_online(bool session_present = false, std::string_view connack_properties = {}) {
        if (opens == 0) start();
        reconnect(session_present, connack_properties);
        ASSERT_TRUE(eng().is_online()) << events();
        events();
        mark_ = log.size();
    }
    /// Waits for the next attempt and lets it succeed. Nothing is sent after CONNECT, nothing forgotten.
    void reconnect(bool session_present = false, std::string_view connack_properties = {}) {
        await_attempt();
        open();
        flush();
        accept(session_present, connack_properties);
    }
    /// Time passes until the engine wants to connect.
    void await_attempt() {
        for (int i = 0; i < 100 && !opening && eng().deadline(); ++i) advance(*eng().deadline() - now);
        ASSERT_TRUE(opening) << "no attempt to connect";
    }
    /// The connection breaks.
    void lose(errc error = errc::connection_closed, int transport_error = 104, bool can_retry_help = true) {
        forget_transport();
        opening.reset();
        eng().on_closed(now, current, error, transport_error, can_retry_help);
        turn();
    }

    // ---- the application ----
    int publish(const publish_request& r) { return keep(eng().publish(now, r)); }
    int publish(std::string_view topic, std::string_view payload, std::uint8_t qos, duration timeout = 0ms) {
        return publish({.topic = topic, .payload = as_bytes(payload), .qos = qos, .timeout = timeout});
    }
    int subscribe(const subscription& s) { return keep(eng().subscribe(now, s)); }
    int subscribe(std::string_view filter, std::uint8_t qos) { return subscribe({.filter = filter, .qos = qos}); }
    int unsubscribe(const subscription& s) { return keep(eng().unsubscribe(now, s)); }
    int unsubscribe(std::string_view filter) { return unsubscribe({.filter = filter}); }
    /// True when the cancel took effect.
    bool cancel(int operation, cancel_scope scope = cancel_scope::end_wait) {
        const bool did =
            eng().cancel(now, ids_.at(static_cast<std::size_t>(operation - 1)), scope) == cancel_result::cancelled;
        turn();
        return did;
    }
    void acknowledge(acknowledge_id id) {
        eng().acknowledge(now, id);
        turn();
    }
    void stop(duration grace) {
        eng().stop(now, grace);
        turn();
    }
    void close() {
        eng().close(now);
        turn();
    }

    // ---- the transport ----
    /// Takes a batch from the engine without telling it that anything was sent. The size of what is under way.
    std::size_t offer() {
        EXPECT_TRUE(under_way_.empty()) << "a transport has one write under way";
        std::array<bytes, 16> gather{};
        const std::size_t count = eng().poll_transmit(now, gather);
        EXPECT_LE(count, gather.size());
        spans.assign(gather.begin(), gather.begin() + static_cast<std::ptrdiff_t>(count));
        for (const auto& span : spans) under_way_.insert(under_way_.end(), span.begin(), span.end());
        turn();
        return under_way_.size();
    }
    /// The transport has taken `size` bytes of the batch. They must be the bytes that were offered.
    void take(std::size_t size) {
        ASSERT_LE(size, under_way_.size());
        std::vector<std::uint8_t> still;
        for (const auto& span : spans) still.insert(still.end(), span.begin(), span.end());
        ASSERT_EQ(hex(still), hex(under_way_)) << "bytes moved while they were being sent";
        partial_.insert(partial_.end(), under_way_.begin(), under_way_.begin() + static_cast<std::ptrdiff_t>(size));
        under_way_.clear();
        spans.clear();
        for (std::size_t whole; (whole = whole_packet(partial_)) != 0;) {
            const auto end = partial_.begin() + static_cast<std::ptrdiff_t>(whole);
            log.push_back({now, current, {partial_.begin(), end}});
            partial_.erase(partial_.begin(), end);
        }
        eng().on_sent(now, current, size);
        turn();
    }
    void take_all() { take(under_way_.size()); }
    /// Bytes that the transport was given and has not taken.
    std::string offered() const { return hex(under_way_); }

    /// Sends all there is; the packets sent since the last call, separated by " | ".
    std::string sent() {
        flush();
        std::string out;
        for (; mark_ < log.size(); ++mark_) {
            if (!out.empty()) out += " | ";
            out += hex(log[mark_].data);
        }
        if (!partial_.empty()) out += " | torn " + hex(partial_);
        return out;
    }
    /// The same, one string for each packet.
    std::vector<std::string> sent_packets() {
        flush();
        std::vector<std::string> out;
        for (; mark_ < log.size(); ++mark_) out.push_back(hex(log[mark_].data));
        return out;
    }
    /// The same, the first byte of each, which says its kind.
    std::string sent_kinds() {
        std::string out;
        for (const auto& packet : sent_packets()) out += packet.substr(0, 2) + ' ';
        return out;
    }
    void flush() {
        if (!under_way_.empty()) take_all();
        while (transport_open_ && offer() != 0) take_all();
    }
    /// Sends and forgets.
    void forget_sent() {
        flush();
        mark_ = log.size();
    }
    /// The identifier of the packet sent last.
    unsigned last_id() const { return log.empty() ? 0 : id_of(log.back().data); }

    /// Gives received bytes, one packet at a time as the engine takes them; why the engine stopped.
    taken::why feed(std::string_view received, cut how = cut::whole) { return feed_bytes(unhex(received), how); }
    taken::why feed_bytes(const std::vector<std::uint8_t>& in, cut how = cut::whole) {
        last_taken = {taken::why::need_more};
        const std::size_t piece = how == cut::whole ? in.size() : 1;
        for (std::size_t from = 0; from < in.size(); from += piece) {
            if (!feed_read({in.data() + from, std::min(piece, in.size() - from)})) break;
        }
        turn();
        return last_taken.reason;
    }

    /// A whole qos 1 flow past this world's records, for those who need 65,535 of them; its packet identifier.
    unsigned whole_flow() {
        EXPECT_EQ(eng().publish(now, {.topic = "a", .qos = 1}).error, errc::ok);
        bytes out[1];
        EXPECT_EQ(eng().poll_transmit(now, out), 1u);
        const unsigned id = id_of(out[0]);
        eng().on_sent(now, current, out[0].size());
        const std::uint8_t puback[] = {0x40, 2, static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
        eng().on_bytes(now, current, puback);
        EXPECT_NE(eng().poll_done(), nullptr);
        EXPECT_EQ(eng().poll_done(), nullptr);
        return id;
    }

    // ---- time ----
    /// Time passes; the engine is called whenever it asked for it.
    void advance(duration d) {
        const time_point target = now + d;
        int stuck = 0;
        while (eng().deadline() && *eng().deadline() <= target) {
            const time_point due = *eng().deadline();
            stuck = due > now ? 0 : stuck + 1;
            if (stuck > 100) {
                ADD_FAILURE() << "the deadline does not move: the engine would spin";
                return;
            }
            if (due > now) now = due;
            eng().on_time(now);
            turn();
            if (transport_takes) flush();
        }
        now = target;
    }

    // ---- events ----
    /// What was reported since the last call, separated by " | ".
    std::string events() {
        turn();
        std::string out;
        for (const auto& line : events_) out += (out.empty() ? "" : " | ") + line;
        events_.clear();
        return out;
    }
    /// How often an operation was reported: never more than once.
    int reports(int operation) const {
        const auto found = reported_.find(operation);
        return found == reported_.end() ? 0 : 1;
    }
    /// The report of an operation as text; "" when there is none yet.
    std::string report(int operation) const {
        const auto found = reported_.find(operation);
        return found == reported_.end() ? "" : found->second;
    }
    /// True when nothing more will come for this operation.
    bool is_over(int operation) const { return reported_.contains(operation) && !unfinished_.contains(operation); }
    bool was_delivered(std::string_view topic) const { return deliveries_.contains(std::string(topic)); }

    /// Takes events and commands, as a front does at the end of its turn.
    void turn() {
        take_events();
        while (const auto next = eng().poll_command()) {
            if (next->what == command::kind::open) {
                ++opens;
                EXPECT_NE(next->epoch, current) << "an epoch was used twice";
                current = next->epoch;
                opening = next;
            } else {
                ++closes;
                EXPECT_EQ(next->epoch, current);
                if (answers_close) {
                    forget_transport();
                    opening.reset();
                    eng().on_closed(now, next->epoch, errc::connection_closed, 0);
                }
            }
            take_events();
        }
        if (checks) eng().check();
    }

    std::vector<bytes> spans;  ///< the batch under way as the engine gave it

private:
    int keep(submitted s) {
        last_error = s.error;
        int number = 0;
        if (s.error == errc::ok) {
            ids_.push_back(s.id);
            number = static_cast<int>(ids_.size());
            numbers_[{s.id.index, s.id.generation}] = number;
        }
        turn();
        return number;
    }
    int number_of(op_id id) {
        const auto found = numbers_.find({id.index, id.generation});
        if (found != numbers_.end()) return found->second;
        ADD_FAILURE() << "an event names an operation that was never submitted";
        return 0;
    }
    void forget_transport() {
        transport_open_ = false;
        under_way_.clear();
        spans.clear();
        partial_.clear();
    }
    /// One read of a front. False when the rest has to wait or the connection is over.
    bool feed_read(bytes in) {
        // The engine gets a copy of exactly this size, gone at the end: reading past it, or keeping it, is found out.
        const std::vector<std::uint8_t> read(in.begin(), in.end());
        std::size_t at = 0;
        while (at < read.size()) {
            last_taken = eng().on_bytes(now, current, bytes(read).subspan(at));
            EXPECT_LE(last_taken.size, read.size() - at);
            if (last_taken.received != nullptr) record(*last_taken.received);
            take_events();
            if (checks) eng().check();
            at += last_taken.size;
            EXPECT_TRUE(last_taken.reason != taken::why::need_more || at == read.size());
            if (last_taken.reason == taken::why::busy || last_taken.reason == taken::why::closed) return false;
        }
        return true;
    }
    void take_events() {
        while (const op_done* done = eng().poll_done()) record(*done);
        while (const auto next = eng().poll_event()) {
            std::visit([this](const auto& e) { record(e); }, *next);
        }
    }

    void record(const op_done& e) {
        const int number = number_of(e.id);
        if (e.reported_before) {
            EXPECT_TRUE(e.finished);
            EXPECT_EQ(unfinished_.erase(number), 1u) << "#" << number << " was released without being unfinished";
            events_.push_back("released #" + std::to_string(number));
            return;
        }
        EXPECT_TRUE(reported_.emplace(number, text_of(e)).second) << "#" << number << " was reported twice";
        if (!e.finished) unfinished_[number] = true;
        events_.push_back("done #" + std::to_string(number) + " " + text_of(e));
    }
    void record(const message& e) {
        events_.push_back(text_of(e));
        deliveries_[std::string(e.topic)] = true;
        if (consume) {
            eng().acknowledge(now, e.id);
        } else {
            inbox.push_back(e.id);
        }
    }
    void record(const connected& e) { events_.push_back(text_of(e)); }
    void record(const renewed&) { events_.push_back("renewed"); }
    void record(const renewal_refused& e) {
        events_.push_back("renewal_refused " + std::string(e.filter) + code(e.reason));
    }
    void record(const disconnected& e) { events_.push_back("disconnected " + text_of(e)); }
    void record(const waiting& e) {
        waits.push_back(e);
        events_.push_back("waiting");
    }
    void record(const gave_up& e) { events_.push_back("gave_up " + text_of(e.last)); }
    void record(const stopped&) { events_.push_back("stopped"); }

    version version_;
    std::unique_ptr<engine> engine_;
    bool transport_open_ = false;
    std::vector<std::uint8_t> under_way_;  // offered and not taken
    std::vector<std::uint8_t> partial_;    // taken, not yet a whole packet
    std::size_t mark_ = 0;                 // packets of `log` that `sent` has told
    std::vector<std::string> events_;
    std::vector<op_id> ids_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, int> numbers_;
    std::map<int, std::string> reported_;
    std::map<int, bool> unfinished_;
    std::map<std::string, bool> deliveries_;
};

/// A test in both versions.
class engine_test : public testing::TestWithParam<version> {
protected:
    world w{GetParam()};
};

#define MQTT_AS_IN_BOTH_VERSIONS(suite)                                                                                \
    INSTANTIATE_TEST_SUITE_P(both, suite, testing::Values(version::v3_1_1, version::v5),                               \
                             [](const auto& v) { return std::string(v.param == version::v5 ? "v5" : "v3_1_1"); })

}  // namespace engine_tests
