// A program under test: its input is written by the test, its two outputs are kept apart.
#pragma once

#include "tests/support/broker_process.hpp"
#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace mqtt_as::test {

using words = std::vector<std::string>;

/// `a` and then `b`.
words operator+(words a, const words& b);

enum class output_to { file, pipe };

class program {
public:
    /// `environment`: NAME=VALUE, added to ours.
    explicit program(const words& argv, const words& environment = {}, output_to where = output_to::file);
    /// Ends it if it still runs.
    ~program();
    program(const program&) = delete;
    program& operator=(const program&) = delete;

    void write(std::string_view text);
    void close_input();
    void signal(int number);
    bool is_running();
    /// The exit status, or 128 + signal; -1 when it had to be killed because it did not end within 30 s.
    int wait();

    std::string out() const;
    std::string err() const;
    std::vector<std::string> out_lines() const;
    /// With output_to::pipe: everything up to the end, and a reader that goes away.
    std::string read_output();
    void close_output();

private:
    temp_folder folder_;
    int input_ = -1;
    int output_ = -1;
    pid_t pid_ = -1;
    std::optional<int> status_;
};

/// What is left of a program that has ended.
struct outcome {
    int status;
    std::string out;
    std::string err;
};

/// Runs it to its end with this input.
outcome run(const words& argv, std::string_view input = {}, const words& environment = {});

/// The command lines of our program and of Debian's.
words mqtt_as(const words& arguments);
words mosquitto(const std::string& name, const words& arguments);

/// `--unix PATH -V VERSION` for this broker, which all of them understand.
words to(const broker_process& broker, const std::string& version);

/// What tests of both versions are called.
std::string version_name(const testing::TestParamInfo<std::string>& version);

/// A mosquitto_sub that has its subscriptions acknowledged: each message is one line of `format`.
class listener {
public:
    listener(const words& arguments, const std::string& format);
    std::vector<std::string> lines() const;
    /// Waits for exactly these lines; what it has got is `lines()`.
    bool gets(const std::vector<std::string>& wanted) const;

private:
    program program_;
};

/// Publishes with mosquitto_pub; demands that it succeeds.
void publish(const words& arguments, std::string_view input = {});

/// Where two lists differ that are too long to be printed.
std::string differences(const words& got, const words& wanted);

std::vector<std::string> split_lines(const std::string& text);

}  // namespace mqtt_as::test
