// What a board's outage test plays with, in a network of its own: a real Mosquitto, a proxy before it, a witness behind
// it, the board, and the judge who compares what the board says with what the witness heard.
#pragma once

#include "tests/firmware/machine.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/fault_proxy.hpp"
#include "tests/support/net_namespace.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mqtt_as::firmware {

/// A test in a network namespace, skipped where something is missing, but never by continuous integration.
class firmware : public testing::Test {
protected:
    void SetUp() override;

private:
    std::optional<test::net_namespace> network_;
};

class world {
public:
    world();

    /// Switches the board on. `arguments` are added to those that every board needs.
    machine& begin(std::vector<std::string> arguments = {}, std::string_view image = "mps2_traffic",
                   std::string_view server = "10.0.2.2");
    /// The same for the micro:bit, whose UART reaches the broker through the proxy.
    machine& begin_microbit(const std::vector<std::string>& arguments = {});
    machine& board() { return *board_; }

    /// Publishes to the board, past the proxy.
    void tell(const std::string& text, const std::string& topic = "to/board");
    /// Waits until `more` messages have been acknowledged from now on.
    bool goes_on(std::size_t more = 20);
    /// Has the board come to its end, and judges: all that it says was acknowledged has been heard, all that it was
    /// told it got.
    void end();

    /// Messages that the board says were accepted, or acknowledged, and the witness did not hear.
    std::set<std::string> unheard(std::string_view claim) const;
    std::set<std::string> lost() const { return unheard("acknowledged "); }

    test::broker_process broker;
    test::fault_proxy proxy;
    test::witness heard;

private:
    std::optional<machine> board_;
    std::vector<std::string> told_;
};

}  // namespace mqtt_as::firmware
