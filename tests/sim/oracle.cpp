// Judges what the application and the broker tell: see oracle.hpp for the promises.
#include "tests/sim/oracle.hpp"

#include "mqtt_as/types.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_as::sim {
namespace {

std::uint8_t filler(std::uint32_t serial, std::size_t i) { return static_cast<std::uint8_t>(serial * 31 + i * 7); }

std::uint32_t read_u32(bytes b) {
    return static_cast<std::uint32_t>(b[0]) << 24 | static_cast<std::uint32_t>(b[1]) << 16 |
           static_cast<std::uint32_t>(b[2]) << 8 | b[3];
}

std::string words_for(const operation& op) {
    constexpr const char* deeds[] = {"publish", "subscribe", "unsubscribe"};
    return std::string(deeds[static_cast<int>(op.what)]) + " #" + std::to_string(op.serial) + " (" + op.topic +
           ", qos " + std::to_string(op.qos) + ")";
}

/// Reported as acknowledged, and the broker does not have it.
bool is_lost(const operation& op) {
    return op.what == deed::publish && op.qos > 0 && op.reported && op.error == errc::ok && op.deliveries == 0;
}

}  // namespace

byte_string make_payload(char side, std::uint32_t serial, std::size_t size) {
    byte_string out(std::max(size, smallest_payload));
    out[0] = static_cast<std::uint8_t>(side);
    for (std::size_t i = 0; i < 4; ++i) {
        out[1 + i] = static_cast<std::uint8_t>(serial >> (24 - 8 * i));
        out[5 + i] = static_cast<std::uint8_t>(out.size() >> (24 - 8 * i));
    }
    for (std::size_t i = smallest_payload; i < out.size(); ++i) out[i] = filler(serial, i);
    return out;
}

std::uint32_t serial_of(char side, bytes payload) {
    if (payload.size() < smallest_payload || payload[0] != static_cast<std::uint8_t>(side)) return 0;
    const std::uint32_t serial = read_u32(payload.subspan(1));
    if (read_u32(payload.subspan(5)) != payload.size()) return 0;
    for (std::size_t i = smallest_payload; i < payload.size(); ++i)
        if (payload[i] != filler(serial, i)) return 0;
    return serial;
}

operation* oracle::known(std::uint32_t serial) {
    return serial <= pruned_ || serial >= next_serial() ? nullptr : &at(serial);
}

inbound* oracle::known_in(std::uint32_t serial) {
    return serial <= pruned_in_ || serial > pruned_in_ + inbounds_.size() ? nullptr : &in_at(serial);
}

// ---- the application --------------------------------------------------------------------------

operation& oracle::accepted(operation op) {
    op.serial = next_serial();
    op.accepted = time_.now();
    const auto [at, is_new] = live_.emplace(std::pair(op.id.index, op.id.generation), op.serial);
    if (!is_new) judge_.object("the identifier of " + words_for(op) + " belongs to an unfinished operation");
    ++unreported_;
    if (judge_.is_verbose()) judge_.tell("asked: " + words_for(op));
    return operations_.emplace_back(std::move(op));
}

operation* oracle::find(op_id id) {
    const auto at = live_.find({id.index, id.generation});
    return at == live_.end() ? nullptr : &this->at(at->second);
}

void oracle::reported(const op_done& done) {
    operation* op = find(done.id);
    if (op == nullptr) return judge_.object("a report for an operation that is finished or was never accepted");
    if (op->reported) return judge_.object(words_for(*op) + " is reported twice");
    op->reported = true;
    op->error = done.error;
    op->reason = done.reason;
    op->may_have_been_delivered = done.may_have_been_delivered;
    op->may_be_duplicated = done.may_be_duplicated;
    op->finished = done.finished;
    --unreported_;
    if (judge_.is_verbose()) judge_.tell("told:  " + words_for(*op) + " " + std::string(describe(op->error)));
    judge_report(*op);
    if (!done.finished) return;
    op->finished = true;
    op->kept = {};
    live_.erase({done.id.index, done.id.generation});
}

void oracle::judge_report(const operation& op) {
    const auto demand = [&](bool kept, const char* promise) {
        if (!kept)
            judge_.object(words_for(op) + " reported as " + std::to_string(static_cast<int>(op.error)) + ": " +
                          promise);
    };
    ++tally_.errors[static_cast<std::size_t>(op.error)];
    if (op.deadline)
        demand(time_.now() <= std::max(*op.deadline, slept_until_) + 1, "the deadline passed before the report");
    switch (op.error) {
    case errc::ok:
        if (op.what != deed::publish) break;
        ++tally_.sent[op.qos];
        if (op.qos == 0) demand(op.taken_by_transport, "the transport has not taken all of it");
        if (op.qos > 0) demand(op.deliveries >= 1, "the broker does not have it: lost");
        if (op.qos == 2 && op.deliveries > 1) demand(op.may_be_duplicated, "delivered more than once, and not said");
        break;
    case errc::refused: demand(op.refused, "the broker did not refuse it"); break;
    case errc::timed_out:
        demand(op.deadline && time_.now() >= *op.deadline, "its deadline has not passed");
        tally_.happened(fault::deadline_passed);
        break;
    case errc::cancelled: demand(op.cancel_asked, "nobody cancelled it"); break;
    case errc::closed: demand(stops_, "nobody closed the engine"); break;
    case errc::stopped: was_stopped_unasked_ = was_stopped_unasked_ || !stops_; break;
    case errc::session_lost: demand(op.qos == 2 && may_report_session_lost_, "the policy does not allow it"); break;
    case errc::too_large:
    case errc::unsupported_by_server: demand(server_limits_, "the broker has no such limit"); break;
    default: demand(false, "an outcome that no operation can have");
    }
    if (op.error != errc::ok && op.what == deed::publish && op.arrivals > 0)
        demand(op.may_have_been_delivered, "said to be certainly undelivered, but the broker saw it");
    if (op.error == errc::ok) demand(op.finished, "acknowledged but not finished");
}

void oracle::released(op_id id) {
    operation* op = find(id);
    if (op == nullptr || !op->reported) return judge_.object("released: no such abandoned operation");
    op->finished = true;
    op->kept = {};
    live_.erase({id.index, id.generation});
}

inbound* oracle::received(const message& m) {
    const std::uint32_t serial = serial_of('b', m.payload);
    inbound* const found = known_in(serial);
    if (found == nullptr) {
        judge_.object("a message whose content the broker never sent");
        return nullptr;
    }
    inbound& in = *found;
    const std::string words =
        "message #" + std::to_string(serial) + " (" + in.topic + ", qos " + std::to_string(in.qos) + ")";
    if (m.topic != in.topic || m.qos != in.qos) judge_.object(words + " arrived with another topic or qos");
    if (m.retain != in.retain) judge_.object(words + " arrived with another RETAIN flag");
    const bool is_again = in.received > 0 && in.process == process_ && !std::exchange(in.forgotten, false);
    if (in.qos == 2 && is_again) judge_.object(words + " was received twice");
    in.process = process_;
    if (in.received == 0) {
        auto& last = last_in_[{in.topic, in.qos}];
        if (serial < last) judge_.object(words + " was received first after #" + std::to_string(last));
        last = serial;
    }
    ++in.received;
    ++in.held;
    return &in;
}

void oracle::acknowledged(inbound& in) {
    in.acknowledged = true;
    --in.held;
}

void oracle::forgotten(inbound& in) {
    in.forgotten = true;
    --in.held;
}

// ---- the broker and the transport ---------------------------------------------------------------

void oracle::taken_by_transport(const packet& p) {
    const std::uint32_t serial = serial_of('c', p.payload);
    if (operation* op = known(serial)) op->taken_by_transport = true;
}

operation* oracle::arrived(const packet& p) {
    const std::uint32_t serial = serial_of('c', p.payload);
    operation* const found = known(serial);
    if (found == nullptr) {
        judge_.object("the broker received a message that was never accepted, or a torn one, or one long finished");
        return nullptr;
    }
    operation& op = *found;
    if (op.topic != p.topic || op.qos != p.qos) judge_.object(words_for(op) + " arrived with another topic or qos");
    if (op.reported && op.error != errc::ok && !op.may_have_been_delivered)
        judge_.object(words_for(op) + " arrived although reported as certainly undelivered");
    if (op.reported && op.error == errc::ok && op.qos == 0 && op.arrivals > 0)
        judge_.object(words_for(op) + " arrived again after its report");
    ++op.arrivals;
    return &op;
}

void oracle::delivered(operation& op, std::uint32_t session) {
    if (op.deliveries == 0 && !op.refused) {  // one refused at first may come again in a new session
        auto& last = last_out_[{op.topic, op.qos}];
        if (op.serial < last) judge_.object(words_for(op) + " was delivered first after #" + std::to_string(last));
        last = op.serial;
    }
    if (op.qos == 2 && op.deliveries > 0) {
        if (op.last_session == session) judge_.object(words_for(op) + " was delivered twice in one session");
        if (op.reported && op.error == errc::ok) judge_.object(words_for(op) + " was delivered again after its report");
    }
    ++op.deliveries;
    op.last_session = session;
}

bool oracle::has_given_up(std::uint32_t serial) const {
    if (serial <= pruned_) return true;
    const operation& op = operations_[serial - 1 - pruned_];
    return op.finished && op.error != errc::ok;
}

void oracle::filter_refused(const std::string& filter) {
    for (const auto& [id, serial] : live_)
        if (operation& op = at(serial); op.what != deed::publish && op.topic == filter) op.refused = true;
}

inbound& oracle::owed(std::string topic, std::uint8_t qos, bool retain, std::uint32_t session) {
    inbound& in = inbounds_.emplace_back();
    in.serial = pruned_in_ + static_cast<std::uint32_t>(inbounds_.size());
    in.topic = std::move(topic);
    in.qos = qos;
    in.retain = retain;
    in.since = time_.now();
    in.session = session;
    return in;
}

void oracle::client_acknowledged(std::uint32_t serial) {
    const inbound& in = in_at(serial);
    if (!in.acknowledged)
        judge_.object("message #" + std::to_string(serial) + " was acknowledged before the application did");
}

void oracle::session_ended(std::uint32_t session) {
    for (inbound& in : inbounds_)
        if (in.session == session) in.given_up = true;
}

// ---- long lives -------------------------------------------------------------------------------

void oracle::process_ended() {
    ++process_;
    for (const auto& [id, serial] : live_) {
        operation& op = at(serial);
        unreported_ -= !op.reported;
        op.died = true;
        op.kept = {};
    }
    live_.clear();
    for (inbound& in : inbounds_) in.held = 0;
}

void oracle::prune() {
    constexpr moment two_days = 2 * 86'400'000;
    const auto is_old = [this](moment since) { return since + two_days < time_.now(); };
    for (; !operations_.empty() && is_old(operations_.front().accepted); operations_.pop_front(), ++pruned_) {
        const operation& op = operations_.front();
        if (!op.finished && !op.died) break;
        lost_before_ += is_lost(op);
    }
    for (; !inbounds_.empty() && is_old(inbounds_.front().since); inbounds_.pop_front(), ++pruned_in_) {
        const inbound& in = inbounds_.front();
        const bool is_settled = in.held == 0 && (in.qos == 0 || in.given_up || (in.over && in.received > 0));
        if (!is_settled) break;
    }
}

// ---- the end ----------------------------------------------------------------------------------

std::optional<std::string> oracle::why_not_settled() const {
    if (was_stopped_unasked_) return "operations were stopped, and neither did anybody ask for that nor did it give up";
    if (unreported_ > 0) {
        const auto at = std::find_if(operations_.begin(), operations_.end(),
                                     [](const operation& op) { return !op.reported && !op.died; });
        return words_for(*at) + " of " + std::to_string(at->accepted) + " ms was never reported (" +
               std::to_string(unreported_) + " like it)";
    }
    if (!live_.empty())
        return words_for(operations_[live_.begin()->second - 1 - pruned_]) + " was reported and never released";
    for (const inbound& in : inbounds_)
        if (in.qos > 0 && !in.given_up && in.received == 0)
            return "message #" + std::to_string(in.serial) + " (" + in.topic + ", qos " + std::to_string(in.qos) +
                   ") was never received";
    return std::nullopt;
}

std::uint32_t oracle::lost() const {
    return lost_before_ + static_cast<std::uint32_t>(std::count_if(operations_.begin(), operations_.end(), is_lost));
}

}  // namespace mqtt_as::sim
