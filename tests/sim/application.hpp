// The simulated application: asks the engine for things, takes its time with messages, and remembers what it was told.
#pragma once

#include "mqtt_as/engine.hpp"
#include "tests/sim/broker.hpp"
#include "tests/sim/faults.hpp"
#include "tests/sim/front.hpp"
#include "tests/sim/judge.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/oracle.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_as::sim {

struct publish_spec {
    std::string topic = "out/0";
    std::uint8_t qos = 1;
    std::size_t size = 20;
    bool by_reference = false;
    std::uint64_t timeout_ms = 0;
    bool retain = false;
};

struct subscribe_spec {
    std::string filter = "in/#";
    std::uint8_t qos = 1;
    bool no_local = false;  // the rest is for MQTT 5
    bool retain_as_published = false;
    std::uint8_t retain_handling = 0;
    std::uint64_t timeout_ms = 0;

    /// As SUBSCRIBE says it.
    std::uint8_t options() const {
        return static_cast<std::uint8_t>(qos | (no_local ? 4 : 0) | (retain_as_published ? 8 : 0) |
                                         retain_handling << 4);
    }
};

/// One line of what the application was told, for scenario tests.
struct note {
    moment when = 0;
    enum class kind { connected, renewed, renewal_refused, disconnected, waiting, gave_up, stopped } what{};
    errc error{};
    bool session_present = false;
    std::uint64_t wait_ms = 0;
};

class application {
public:
    application(schedule&, random_source, judge&, tally&, oracle&, broker&, network&, front&, engine&, const limits&);

    errc start(bool retry);
    void stop(std::uint64_t grace_ms);
    void close();
    /// The serial number; 0 when the engine rejected it, with the reason in `last_rejection`.
    std::uint32_t publish(const publish_spec&);
    std::uint32_t subscribe(const subscribe_spec&);
    std::uint32_t subscribe(const std::string& filter, std::uint8_t qos) {
        return subscribe({.filter = filter, .qos = qos});
    }
    std::uint32_t unsubscribe(const std::string& filter, std::uint64_t timeout_ms = 0);
    cancel_result cancel(std::uint32_t serial, cancel_scope);

    /// From now on messages are held up to this long before they are acknowledged.
    void be_slow(std::uint64_t ms) { slow_ms_ = ms; }
    /// Acknowledges nothing until told otherwise.
    void hold_messages(bool on);
    /// What is not acknowledged when a connection ends never will be.
    void forget_at_outages(bool on) { forgets_ = on; }
    /// The next message makes the application's handler throw.
    void throw_at_next_message() { throws_ = true; }
    /// The process is gone: what it knew and what it was about to do are, too.
    void begin_again(const limits&);
    /// After `ms`, unless the process ends before.
    void later(std::uint64_t ms, std::function<void()> what);
    /// The broker has what is wanted, as it was asked for.
    void judge_subscriptions() const;
    void restart_when_stopped(std::uint64_t after_ms) { restart_after_ms_ = after_ms; }
    void sabotage_with(sabotage s) { sabotage_ = s; }

    bool is_online() const { return is_online_; }
    bool is_renewed() const { return is_renewed_; }
    bool is_running() const { return is_running_; }
    errc last_rejection() const { return last_rejection_; }
    const std::vector<note>& notes() const { return notes_; }
    std::uint32_t held() const { return held_; }

private:
    void on_event(const any_event&);
    void on_done(const op_done&);
    void on_message(const message&);
    void handle(const message&, inbound&);
    void on_connected(const connected&);
    void on_renewed();
    void on_over(note::kind, const disconnected&);
    void expect_stopped(moment limit, std::size_t told);
    void acknowledge_what_is_due();
    void acknowledge(acknowledge_id, inbound&);
    void forget_what_is_held();
    std::uint32_t record(const submitted&, operation);
    void judge_rejection(errc, const operation&);

    schedule& time_;
    random_source random_;
    judge& judge_;
    tally& tally_;
    oracle& oracle_;
    broker& broker_;
    network& network_;
    front& front_;
    engine& engine_;
    limits limits_;
    sabotage sabotage_ = sabotage::none;

    /// What became of each filter: wanted when its subscribe was acknowledged and nothing is under way.
    struct filter_state {
        bool is_wanted = false;
        std::uint8_t options = 0;
        bool was_refused_at_renewal = false;
        unsigned under_way = 0;
        op_id latest;               // the request that decides; an older one may be answered later
        bool is_uncertain = false;  // an operation on it ended without an answer
    };
    std::map<std::string, filter_state> filters_;
    std::vector<std::pair<acknowledge_id, inbound*>> due_;   // to be acknowledged when the events are drained
    std::vector<std::pair<acknowledge_id, inbound*>> kept_;  // while `hold_messages`
    std::vector<std::pair<acknowledge_id, inbound*>> open_;  // of qos 1 and 2: all that is not acknowledged
    std::vector<note> notes_;
    std::uint64_t slow_ms_ = 0;
    bool holds_ = false;
    bool forgets_ = false;
    std::uint32_t held_ = 0;
    std::optional<std::uint64_t> restart_after_ms_;
    bool is_online_ = false;
    bool is_renewed_ = false;
    bool is_running_ = false;   // from start to stopped
    bool is_stopping_ = false;  // stop was asked
    bool is_closed_ = false;
    bool throws_ = false;
    std::uint32_t process_ = 1;
    errc last_rejection_ = errc::ok;
};

}  // namespace mqtt_as::sim
