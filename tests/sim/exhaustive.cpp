// Enumerates the small cases of exhaustive.hpp. How many events and bytes there are is measured, not assumed.
#include "tests/sim/exhaustive.hpp"

#include "tests/sim/world.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace mqtt_as::sim {
namespace {

enum class act : std::uint8_t {
    publish_0,
    publish_1,
    publish_2,
    receive_0,
    receive_1,
    receive_2,
    subscribe,
    unsubscribe
};
constexpr std::array names = {"publish at qos 0", "publish at qos 1", "publish at qos 2", "receive at qos 0",
                              "receive at qos 1", "receive at qos 2", "subscribe",        "unsubscribe"};
constexpr std::uint64_t long_enough = 60 * one_second;  // for a healed world to end two operations

struct small_case {
    protocol_version version{};
    act first{};
    act second{};
    std::uint64_t behind = 0;  // so many events of the first
    bool reversed = false;     // the answer to the first waits for the one to the second
    std::optional<std::uint64_t> cut;
    bool is_upstream = false;
    bool session_lost = false;

    std::string words() const {
        const auto name = [](act a) { return names[static_cast<std::size_t>(a)]; };
        std::string text = version == protocol_version::v5 ? "5: " : "3.1.1: ";
        text += std::string(name(first)) + ", after " + std::to_string(behind) + " events " + name(second);
        if (reversed) text += ", answered in reverse";
        if (!cut) return text;
        text += std::string(", cut ") + (is_upstream ? "upstream" : "downstream") + " after " + std::to_string(*cut);
        return text + (session_lost ? ", session lost" : ", session kept");
    }
};

/// What a case came to.
struct result {
    std::string objection;
    std::uint64_t events = 0;        // until the first operation had ended, had nothing else happened
    std::uint64_t up = 0, down = 0;  // bytes, from the first operation on
    bool was_cut = false;
};

void begin(world& w, act a) {
    switch (a) {
    case act::publish_0:
    case act::publish_1:
    case act::publish_2: w.app.publish({.topic = "out/0", .qos = static_cast<std::uint8_t>(a), .size = 9}); return;
    case act::receive_0:
    case act::receive_1:
    case act::receive_2:
        w.server.publish("in/a", static_cast<std::uint8_t>(static_cast<int>(a) - static_cast<int>(act::receive_0)), 9);
        return;
    case act::subscribe: w.app.subscribe("more", 1); return;
    case act::unsubscribe: w.app.unsubscribe("less"); return;
    }
}

result run_case(const small_case& what, sabotage s) {
    world_options o{.version = what.version, .clock_start = 0xFFFF'FF00u};
    o.config.clean_init = o.config.clean = false;
    o.config.keepalive = 0;
    world w(o);
    w.app.start(true);
    w.app.subscribe("in/a", 2);
    w.app.subscribe("less", 0);
    w.run_until([&] { return w.app.is_renewed() && w.truth.is_settled(); }, 5 * one_second);
    w.run_for(one_second);
    w.server.sabotage_with(s);
    w.app.sabotage_with(s);

    const epoch e = w.net.current();
    const std::uint64_t up_before = w.net.written(e), down_before = w.net.delivered(e);
    const std::size_t told_before = w.app.notes().size();
    if (what.cut) what.is_upstream ? w.net.cut_upstream_after(*what.cut) : w.net.cut_downstream_after(*what.cut);
    if (what.session_lost) w.server.arm(fault::session_lost);
    if (what.reversed) w.server.arm(fault::reordered_acknowledgement);

    result r;
    begin(w, what.first);
    const moment limit = w.time.now() + long_enough;
    for (std::uint64_t i = 0; i < what.behind && w.time.step(limit); ++i) {
    }
    begin(w, what.second);
    if (!what.cut) {  // measures
        while (!w.truth.is_settled() && w.time.step(limit)) ++r.events;
    }
    w.run_for(3 * one_second);
    r.up = w.net.written(e) - up_before;
    r.down = w.net.delivered(e) - down_before;
    r.was_cut = w.app.notes().size() > told_before;
    w.server.disarm_all();
    if (!w.run_until([&] { return w.app.is_renewed() && w.truth.is_settled(); }, long_enough))
        w.court.object("the world was healed, but " + w.truth.why_not_settled().value_or("the client is not online"));
    if (!w.court.has_objected()) w.app.judge_subscriptions();
    w.destroy_engine();
    r.objection = w.court.verdict();
    return r;
}

class enumeration {
public:
    enumeration(sabotage s, std::uint64_t stride) : sabotage_(s), stride_(stride) {}

    void run_pair(small_case what) {
        // Behind so many events the first has ended, and the second begins alone.
        small_case alone = what;
        alone.behind = 0;
        const std::uint64_t events = run_case(alone, sabotage::none).events;
        for (what.behind = 0; what.behind <= events; ++what.behind) {
            for (const bool reversed : {false, true}) {
                what.reversed = reversed;
                what.cut.reset();
                const result whole = try_case(what);
                for (const bool up : {true, false}) {
                    what.is_upstream = up;
                    run_cuts(what, up ? whole.up : whole.down);
                }
            }
        }
    }

    exhausted sum;

private:
    void run_cuts(small_case what, std::uint64_t bytes_in_all) {
        for (std::uint64_t n = shift_++ % stride_; n <= bytes_in_all; n += stride_) {
            what.cut = n;
            for (const bool lost : {false, true}) {
                what.session_lost = lost;
                try_case(what);
            }
        }
    }

    result try_case(const small_case& what) {
        result r = run_case(what, sabotage_);
        ++sum.cases;
        sum.outages += r.was_cut;
        if (r.objection.empty()) return r;
        ++sum.failed;
        if (sum.first_objection.empty()) sum.first_objection = what.words() + ": " + r.objection;
        return r;
    }

    sabotage sabotage_;
    std::uint64_t stride_;
    std::uint64_t shift_ = 0;
};

}  // namespace

exhausted run_all_small_cases(sabotage s, std::uint64_t stride) {
    enumeration all(s, stride);
    for (const auto version : {protocol_version::v3_1_1, protocol_version::v5})
        for (std::size_t first = 0; first < names.size(); ++first)
            for (std::size_t other = 0; other < names.size(); ++other) {
                if (s != sabotage::none && all.sum.failed > 0) return all.sum;  // shown
                all.run_pair({.version = version, .first = static_cast<act>(first), .second = static_cast<act>(other)});
            }
    return all.sum;
}

}  // namespace mqtt_as::sim
