// What is done to the two clients, step by step, and how long they take to notice and to recover.
#pragma once

#include "tests/support/broker_process.hpp"
#include "tests/support/fault_proxy.hpp"
#include "tools/demo/picture.hpp"
#include "tools/demo/screen.hpp"
#include "tools/demo/traffic.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace mqtt_as::demo {

/// Thrown out of every wait when the user wants to end.
struct interrupted {};

class script {
public:
    /// `stop` becomes true when the user wants to end.
    script(test::broker_process&, test::fault_proxy&, traffic&, screen&, const std::atomic<bool>& stop);

    /// Plays all outages, waits until everything has arrived, and leaves the last picture.
    /// Throws `interrupted`.
    void play();
    /// The verdict so far, in one line.
    std::string verdict() const;
    /// Whether every message arrived and every outage was noticed and overcome.
    bool is_all_well() const;

private:
    struct step {
        std::string kind;
        std::vector<const station*> who;
        std::string what;  ///< in a sentence
        std::function<void()> break_it;
        std::chrono::seconds lasts;  ///< before it is mended
        bool until_noticed;          ///< mended only when all have noticed
        std::function<void()> mend_it;
    };

    std::vector<step> steps();
    void perform(const step& what, outage& row);
    void say(const std::string& sentence);
    /// Shows the scene until `condition()` is true; false when it did not become true within `limit`.
    template <class Condition>
    bool wait(std::chrono::milliseconds limit, Condition condition);
    void look();
    void remember();

    test::broker_process& broker_;
    test::fault_proxy& proxy_;
    traffic& traffic_;
    screen& screen_;
    const std::atomic<bool>& stop_;
    scene scene_;
    moment began_ = std::chrono::steady_clock::now();
    std::array<std::size_t, 2> downs_seen_{};
    std::size_t delivered_seen_ = 0;
};

}  // namespace mqtt_as::demo
