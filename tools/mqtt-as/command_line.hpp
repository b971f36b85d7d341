// What CLI11 does not do by itself: options whose errors say in one line what is wrong and how to do it right.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace mqtt_as::cli {

/// Misuse of the command line: `what()` is one line for the user.
class usage_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An empty set of options. As with mosquitto_pub, `-h` is the host and the last of repeated options counts.
class command_line {
public:
    /// `description` and `examples` are for --help.
    command_line(const std::string& name, const std::string& description, const std::string& examples);
    ~command_line();
    command_line(const command_line&) = delete;
    command_line& operator=(const command_line&) = delete;

    /// What follows appears in --help under this title.
    void section(const std::string& title) { group_ = title; }

    void flag(const std::string& names, bool& target, const std::string& help);
    void text(const std::string& names, std::optional<std::string>& target, const std::string& type,
              const std::string& help);
    /// Of which only one makes sense: a second is an error.
    void text_once(const std::string& names, std::optional<std::string>& target, const std::string& type,
                   const std::string& help);
    /// What stands without an option before it.
    void positional(const std::string& name, std::optional<std::string>& target, const std::string& help);
    /// May be repeated.
    void texts(const std::string& names, std::vector<std::string>& target, const std::string& type,
               const std::string& help);
    /// Takes three or four words and may be repeated; an empty word stands between repetitions.
    void words(const std::string& names, std::vector<std::string>& target, const std::string& type,
               const std::string& help);
    template <class Number>
    void number(const std::string& names, Number& target, std::uint64_t least, std::uint64_t most,
                const std::string& help);
    /// Seconds, with decimals; more than 0.
    void seconds(const std::string& names, std::optional<std::chrono::milliseconds>& target, const std::string& help);

    /// From 0 to 100, with decimals.
    void percent(const std::string& names, double& target, const std::string& help);

    /// False when help was asked for, and printed. Throws usage_error.
    bool parse(std::vector<std::string> arguments);

private:
    void read(const std::string& names, const std::string& type, const std::string& help,
              std::function<void(const std::string&)> take);

    std::unique_ptr<CLI::App> app_;
    std::string name_;
    std::string group_;
};

/// The value of an environment variable; an empty one counts as unset.
std::optional<std::string> from_environment(const char* name);

/// The number in `text`, or a usage_error that names `option` and what it takes.
std::uint64_t number_in(std::string_view text, std::uint64_t least, std::uint64_t most, const std::string& option);

template <class Number>
void command_line::number(const std::string& names, Number& target, std::uint64_t least, std::uint64_t most,
                          const std::string& help) {
    read(names, "N", help, [&target, least, most, names](const std::string& text) {
        target = static_cast<Number>(number_in(text, least, most, names));
    });
}

}  // namespace mqtt_as::cli
