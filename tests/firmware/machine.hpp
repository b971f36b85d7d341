// An emulated board: QEMU with an image, what the image prints, and the monitor that pulls cables.
#pragma once

#include "tests/support/child_process.hpp"
#include "tests/support/temp_folder.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as::firmware {

using namespace std::chrono_literals;

class machine {
public:
    enum class board { mps2, microbit };

    /// The image `name` of the board build, with arguments `name=value`. `uart_port`: the micro:bit's UART is a
    /// connection to this port of 127.0.0.1.
    machine(board what, std::string_view name, const std::vector<std::string>& arguments, int uart_port = 0);
    ~machine();

    /// Empty, or what is missing here, in words.
    static std::string why_not();
    /// The file of an image.
    static std::filesystem::path image(std::string_view name);
    /// A folder that outlives the board's power.
    const std::filesystem::path& flash() const { return folder_.path(); }

    /// Every line that the image has printed.
    std::vector<std::string> lines() const;
    /// What follows `start` in each line that begins with it.
    std::vector<std::string> lines(std::string_view start) const;
    /// Waits for the line number `count` (the first is 1) that begins with `start`.
    bool prints(std::string_view start, std::size_t count = 1, std::chrono::milliseconds limit = 60s) const;

    /// The exit status of the image; -1 when it did not end in time.
    int wait(std::chrono::milliseconds limit = 60s);

    void set_link(bool up);
    /// The link stays, no frame passes.
    void set_black_hole(bool on);
    /// Off and on again: the image begins anew, with nothing but what is in `flash()`.
    void cycle_power();
    void freeze();
    void thaw();

private:
    std::string ask(const std::string& command);

    test::temp_folder folder_;
    std::optional<test::child_process> process_;
    int monitor_ = -1;
};

}  // namespace mqtt_as::firmware
