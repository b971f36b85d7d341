// What the scenario tests share: a world at default settings in either version, and short names for its parts.
#pragma once

#include "tests/sim/world.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

namespace mqtt_as::sim {

constexpr std::uint64_t seconds(std::uint64_t n) { return n * 1000; }

/// Default settings but for a session that is kept, so that nothing may be lost; the clock wraps in the first minute.
inline world_options defaults(protocol_version v) {
    world_options o{.version = v};
    o.config.clean_init = false;
    o.config.clean = false;
    o.clock_start = 0xFFFF'0000u;
    return o;
}

/// Each scenario runs in both versions, unless it says why not.
class scenario : public testing::TestWithParam<protocol_version> {
protected:
    bool is_five() const { return GetParam() == protocol_version::v5; }
    world_options options() const { return defaults(GetParam()); }

    static void expect_no_objection(const world& w) { EXPECT_EQ(w.court.verdict(), ""); }
    /// Brings a fresh world online.
    static void go_online(world& w) {
        w.app.start(true);
        ASSERT_TRUE(w.run_until([&] { return w.app.is_renewed(); }, seconds(5))) << w.court.verdict();
    }
    /// Lets the world run until the client notices that it is offline; how long that took.
    static std::uint64_t time_until_down(world& w, std::uint64_t limit) {
        const moment began = w.time.now();
        EXPECT_TRUE(w.run_until([&] { return !w.app.is_online(); }, limit)) << "not noticed; " << w.court.verdict();
        return w.time.now() - began;
    }
    static std::uint64_t time_until_up(world& w, std::uint64_t limit) {
        const moment began = w.time.now();
        EXPECT_TRUE(w.run_until([&] { return w.app.is_renewed() && w.server.current() == w.net.current(); }, limit))
            << "not back; " << w.court.verdict();
        return w.time.now() - began;
    }
    static void expect_settled(world& w, std::uint64_t limit) {
        EXPECT_TRUE(w.run_until([&] { return w.truth.is_settled(); }, limit)) << w.truth.why_not_settled().value_or("");
        EXPECT_EQ(w.truth.lost(), 0u);
        expect_no_objection(w);
    }
    static errc last_error(const world& w) {
        for (auto n = w.app.notes().rbegin(); n != w.app.notes().rend(); ++n)
            if (n->what == note::kind::disconnected) return n->error;
        return errc::ok;
    }
    static std::size_t told(const world& w, note::kind what) {
        return static_cast<std::size_t>(std::count_if(w.app.notes().begin(), w.app.notes().end(),
                                                      [what](const note& n) { return n.what == what; }));
    }
};

inline std::string version_name(const testing::TestParamInfo<protocol_version>& info) {
    return info.param == protocol_version::v5 ? "v5" : "v3_1_1";
}

#define IN_BOTH_VERSIONS(suite)                                                                                        \
    INSTANTIATE_TEST_SUITE_P(both, suite, testing::Values(protocol_version::v3_1_1, protocol_version::v5), version_name)

}  // namespace mqtt_as::sim
