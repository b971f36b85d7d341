// The oracle: both ledgers, the application's and the broker's, and the promises that hold between them.
//
// Theory of operation. Every publish carries a serial number in its payload, so that what arrives at the broker can be
// laid beside what the application was told. Each side calls in when something happens; promises that can be
// judged at that moment are judged there, the rest at the end (`settle`), when the world has been healed.
#pragma once

#include "mqtt_as/engine.hpp"
#include "tests/sim/faults.hpp"
#include "tests/sim/judge.hpp"
#include "tests/sim/packet.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_as::sim {

enum class deed : std::uint8_t { publish, subscribe, unsubscribe };

/// One operation that the engine accepted, as both sides know it.
struct operation {
    std::uint32_t serial = 0;
    deed what = deed::publish;
    std::string topic;  // or filter
    std::uint8_t qos = 0;
    std::size_t size = 0;      // of the payload
    std::uint8_t options = 0;  // of a subscribe
    op_id id;
    moment accepted = 0;
    std::optional<moment> deadline;
    byte_string kept;  // the body, when the engine sends it by reference; freed when finished

    bool cancel_asked = false;  // what the application did and heard
    bool reported = false;
    bool finished = false;
    bool died = false;  // with the process: nobody will ever hear of it
    errc error = errc::ok;
    reason_code reason{};
    bool may_have_been_delivered = false;
    bool may_be_duplicated = false;

    bool taken_by_transport = false;  // what the world saw
    std::uint32_t arrivals = 0;       // PUBLISH packets at the broker
    std::uint32_t deliveries = 0;     // messages: what the broker would forward
    std::uint32_t last_session = 0;   // in which it was delivered last
    bool refused = false;             // the broker answered with a failing code
};

/// One message that the broker owes the client.
struct inbound {
    std::uint32_t serial = 0;
    std::string topic;
    std::uint8_t qos = 0;
    bool retain = false;
    moment since = 0;
    std::uint32_t session = 0;   // the session it was queued in
    bool given_up = false;       // the broker may drop it: session lost, or too large for the client
    bool over = false;           // the broker has nothing more to do with it
    std::uint32_t received = 0;  // times the application got it
    std::uint32_t process = 0;   // that got it last
    std::uint32_t held = 0;      // of these not yet acknowledged by the application
    bool acknowledged = false;   // the application has acknowledged it at least once
    bool forgotten = false;      // it has said that it never will: it is to be given it again
};

byte_string make_payload(char side, std::uint32_t serial, std::size_t size);
/// The serial number, or 0 when the content is not what `make_payload` made.
std::uint32_t serial_of(char side, bytes payload);
inline constexpr std::size_t smallest_payload = 9;

class oracle {
public:
    oracle(const schedule& time, judge& j, tally& counts) : time_(time), judge_(j), tally_(counts) {}

    // ---- the application ----------------------------------------------------------------------
    std::uint32_t next_serial() const { return pruned_ + static_cast<std::uint32_t>(operations_.size()) + 1; }
    operation& accepted(operation);
    void reported(const op_done&);
    void released(op_id);
    inbound* received(const message&);
    void acknowledged(inbound&);
    void forgotten(inbound&);
    void stop_asked() { stops_ = true; }
    void gave_up() { was_stopped_unasked_ = false; }
    void slept_until(moment t) { slept_until_ = std::max(slept_until_, t); }
    /// What the configuration lets happen.
    void allow_session_lost_reports(bool on) { may_report_session_lost_ = on; }
    void allow_server_limits() { server_limits_ = true; }

    // ---- the broker and the transport ----------------------------------------------------------
    void taken_by_transport(const packet&);
    /// A PUBLISH of the client, whole and with its content intact; nullptr after an objection.
    operation* arrived(const packet&);
    void delivered(operation&, std::uint32_t session);
    void refused(operation& op) { op.refused = true; }
    /// Its packet is done for the client, although it was never acknowledged.
    bool has_given_up(std::uint32_t serial) const;
    void filter_refused(const std::string& filter);
    inbound& owed(std::string topic, std::uint8_t qos, bool retain, std::uint32_t session);
    void client_acknowledged(std::uint32_t inbound_serial);
    /// The broker has dropped it, as it must: it is too large for the client.
    void given_up(std::uint32_t inbound_serial) { in_at(inbound_serial).given_up = true; }
    void over(std::uint32_t inbound_serial) { in_at(inbound_serial).over = true; }
    void session_ended(std::uint32_t session);

    /// The process was killed: what was not finished dies with it, what the broker still owes comes to the next one.
    void process_ended();
    /// Forgets what was settled more than two days ago, so that weeks fit into memory.
    void prune();

    // ---- the end ------------------------------------------------------------------------------
    /// Whether everything accepted was reported and finished and everything owed was received.
    bool is_settled() const { return !why_not_settled(); }
    std::optional<std::string> why_not_settled() const;
    /// Qos 1 and 2 messages reported ok that the broker does not have: always 0, or the oracle would have objected.
    std::uint32_t lost() const;

    operation* find(op_id);
    operation& at(std::uint32_t serial) { return operations_[serial - 1 - pruned_]; }
    const std::deque<operation>& operations() const { return operations_; }
    const std::deque<inbound>& inbounds() const { return inbounds_; }
    std::uint32_t unreported() const { return unreported_; }
    std::uint64_t accepted_count() const { return pruned_ + operations_.size(); }
    std::uint64_t owed_count() const { return pruned_in_ + inbounds_.size(); }

private:
    void judge_report(const operation&);
    inbound& in_at(std::uint32_t serial) { return inbounds_[serial - 1 - pruned_in_]; }
    /// The operation or message of a serial number that came over the wire: nullptr when there is none.
    operation* known(std::uint32_t serial);
    inbound* known_in(std::uint32_t serial);

    const schedule& time_;
    judge& judge_;
    tally& tally_;
    std::deque<operation> operations_;  // by serial, from pruned_ + 1 on
    std::deque<inbound> inbounds_;      // by serial, from pruned_in_ + 1 on
    std::uint32_t pruned_ = 0;
    std::uint32_t pruned_in_ = 0;
    std::uint32_t lost_before_ = 0;  // of those that were pruned
    std::uint32_t process_ = 1;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> live_;  // op_id -> serial, until finished
    std::map<std::pair<std::string, int>, std::uint32_t> last_out_;          // topic and qos -> last first delivery
    std::map<std::pair<std::string, int>, std::uint32_t> last_in_;
    std::uint32_t unreported_ = 0;
    moment slept_until_ = 0;
    bool stops_ = false;
    bool was_stopped_unasked_ = false;  // and it has not given up since
    bool may_report_session_lost_ = false;
    bool server_limits_ = false;
};

}  // namespace mqtt_as::sim
