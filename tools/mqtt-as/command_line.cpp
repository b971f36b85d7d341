// Options, their errors, and --help.
#include "tools/mqtt-as/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <ratio>
#include <system_error>
#include <utility>

namespace mqtt_as::cli {

namespace {

// "-q,--qos" is called "-q" in errors.
std::string first_of(const std::string& names) { return names.substr(0, names.find(',')); }

std::optional<double> decimal_in(const std::string& text, double least, double most) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_good = error == std::errc() && end == text.data() + text.size() && value >= least && value <= most;
    return is_good ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<std::string> from_environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

std::uint64_t number_in(std::string_view text, std::uint64_t least, std::uint64_t most, const std::string& option) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
        throw usage_error(first_of(option) + " takes a number from " + std::to_string(least) + " to " +
                          std::to_string(most) + ", not '" + std::string(text) + "'");
    }
    return value;
}

command_line::command_line(const std::string& name, const std::string& description, const std::string& examples)
    : app_(std::make_unique<CLI::App>(description, name)), name_(name) {
    app_->set_help_flag("--help", "Show this and end")->group("Running");
    app_->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app_->footer(examples);
    app_->get_formatter()->column_width(36);
}

command_line::~command_line() = default;

void command_line::flag(const std::string& names, bool& target, const std::string& help) {
    app_->add_flag(names, target, help)->group(group_);
}

void command_line::text(const std::string& names, std::optional<std::string>& target, const std::string& type,
                        const std::string& help) {
    read(names, type, help, [&target](const std::string& text) { target = text; });
}

void command_line::text_once(const std::string& names, std::optional<std::string>& target, const std::string& type,
                             const std::string& help) {
    CLI::callback_t callback = [&target, names](const CLI::results_t& texts) {
        if (texts.size() > 1)
            throw usage_error(first_of(names) + " is given " + std::to_string(texts.size()) + " times: say it once");
        target = texts.front();
        return true;
    };
    app_->add_option(names, std::move(callback), help)
        ->type_name(type)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group(group_);
}

void command_line::positional(const std::string& name, std::optional<std::string>& target, const std::string& help) {
    read(name, "", help, [&target](const std::string& text) { target = text; });
}

void command_line::texts(const std::string& names, std::vector<std::string>& target, const std::string& type,
                         const std::string& help) {
    app_->add_option(names, target, help)
        ->type_name(type)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group(group_);
}

void command_line::words(const std::string& names, std::vector<std::string>& target, const std::string& type,
                         const std::string& help) {
    CLI::Option* const option = app_->add_option(names, target, help);
    option->type_name(type)->type_size(3, 4)->allow_extra_args(false);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->group(group_);
    option->inject_separator();
}

void command_line::seconds(const std::string& names, std::optional<std::chrono::milliseconds>& target,
                           const std::string& help) {
    read(names, "SECONDS", help, [&target, names](const std::string& text) {
        constexpr double most = 1e9;  // 31 years
        const std::optional<double> value = decimal_in(text, 0.001, most);
        if (!value) throw usage_error(first_of(names) + " takes seconds, for example 2.5, not '" + text + "'");
        target = std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(*value));
    });
}

void command_line::percent(const std::string& names, double& target, const std::string& help) {
    read(names, "PERCENT", help, [&target, names](const std::string& text) {
        const std::optional<double> value = decimal_in(text, 0, 100);
        if (!value) throw usage_error(first_of(names) + " takes a percentage, for example 2.5, not '" + text + "'");
        target = *value;
    });
}

bool command_line::parse(std::vector<std::string> arguments) {
    const std::string see = "; see " + name_ + " --help";
    try {
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
        app_->parse(std::move(arguments));
        return true;
    } catch (const CLI::CallForHelp&) {
        std::string help = app_->help();  // CLI11 puts two empty lines between sections
        for (auto at = help.find("\n\n\n"); at != std::string::npos; at = help.find("\n\n\n")) help.erase(at, 1);
        std::cout << help;
        return false;
    } catch (const CLI::ExtrasError&) {
        const std::string extra = app_->remaining().front();
        throw usage_error((extra.starts_with('-') ? "there is no option " : "every value needs an option before it: ") +
                          extra + see);
    } catch (const CLI::ArgumentMismatch& error) {
        const std::string words = error.what();  // "--host: 1 required HOST missing"
        throw usage_error(words.substr(0, words.find(':')) + " needs a value" + see);
    } catch (const CLI::ParseError& error) {
        throw usage_error(error.what() + see);
    }
}

void command_line::read(const std::string& names, const std::string& type, const std::string& help,
                        std::function<void(const std::string&)> take) {
    CLI::callback_t callback = [take = std::move(take)](const CLI::results_t& texts) {
        take(texts.back());
        return true;
    };
    app_->add_option(names, std::move(callback), help)->type_name(type)->group(group_);
}

}  // namespace mqtt_as::cli
