// What a test of the lwIP front plays with: a board in this process, a broker, and a proxy that fails on demand.
#pragma once

#include "mqtt_as/lwip/port.hpp"
#include "mqtt_as/mqtt_as.hpp"
#include "tests/lwip/network.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/fault_proxy.hpp"

#include <chrono>
#include <climits>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_as::lwip_test {

using namespace std::chrono_literals;

/// What tasks failed of, as `port::on_task_failed` is told; it returns `again_after`.
struct failures {
    std::vector<std::pair<errc, std::string>> told;
    duration again_after{50};
};
extern failures task_failures;

/// What lies in a board's flash.
struct flash {
    std::map<std::uint8_t, std::vector<std::uint8_t>> records;
    int writes_left = INT_MAX;  ///< after so many it is worn out
};
extern flash the_flash;

/// What `port::join_wifi` answers, and whom it was asked for.
struct wifi {
    errc answer = errc::ok;
    std::vector<std::string> asked;
};
extern wifi the_wifi;

class world {
public:
    world() : world({}, test::content::mqtt) {}
    /// A broker with more lines in its configuration.
    world(std::string_view settings, test::content carried) : broker(settings), proxy(broker.socket(), carried) {
        task_failures = {};
        the_flash = {};
        the_wifi = {};
        net.begin_dhcp();
    }

    /// Of a board that keeps its session and is impatient.
    config settings(std::string_view client_id = "board") {
        config c;
        c.client_id = client_id;
        c.server = "10.0.2.2";
        c.port = proxy.port();
        c.clean = false;
        c.clean_init = false;
        c.response_time = 2s;
        c.backoff.first_step = duration(50);
        return c;
    }

    /// Turns the loop until `condition` holds; false when it did not in time.
    bool run_until(const std::function<bool()>& condition, std::chrono::milliseconds limit = 30s) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            port::wait(loop.turn());
        }
        return true;
    }

    /// Runs a task to its end: how it ended.
    template <class F>
    errc run(F what, std::chrono::milliseconds limit = 30s) {
        job j(loop);
        j.start(what());
        if (!run_until([&] { return j.take_end(); }, limit)) ADD_FAILURE() << "the task did not end in time";
        return j.error();
    }

    test::broker_process broker;
    test::fault_proxy proxy;
    network net;
    event_loop loop;
};

}  // namespace mqtt_as::lwip_test
