// Callbacks whose news outlive a wait that has ended: they own what they write to.
#include "tools/mqtt-as/visitor.hpp"

#include <cstdio>
#include <memory>
#include <utility>

namespace mqtt_as::cli {

namespace {

mqtt_as::config alone(mqtt_as::config config) {
    config.single_threaded = true;
    config.on_refusal = refusal_policy::give_up;
    return config;
}

// The library's words for it: "TLS: the server's certificate expired on...".
std::string words_for(const visitor::attempt& c) {
    return describe(disconnected{{.error = static_cast<errc>(c.error.value()),
                                  .at = c.result.at,
                                  .why = c.result.why,
                                  .reason = c.result.reason,
                                  .transport_error = c.result.transport_error}},
                    c.result.error_text);
}

}  // namespace

void visitor::telling_client::dprint(std::string_view line) {
    if (tells_) std::fprintf(stderr, "%s: %.*s\n", program_.c_str(), static_cast<int>(line.size()), line.data());
}

visitor::visitor(const boost::asio::any_io_executor& executor, mqtt_as::config config, const cli::connection& from)
    : client_(executor, alone(std::move(config)), from) {}

std::string visitor::attempt::at() const {
    const std::string words = words_for(*this);
    return words.substr(0, words.find(": "));
}

std::string visitor::attempt::why() const {
    const std::string words = words_for(*this);
    return words.substr(words.find(": ") + 2);
}

void visitor::begin() {
    began_ = clock::now();
    client_.connect([told = told_, began = began_](std::error_code error, connect_result result) {
        *told = attempt{.error = error, .result = std::move(result), .took = since(began)};
    });
}

task<> visitor::leave_behind(stage at, clock::time_point deadline) const {
    co_await until(deadline, [&] { return told_->has_value() || client_.explain().at > at; });
}

task<visitor::attempt> visitor::outcome(clock::time_point deadline) const {
    if (co_await until(deadline, [&] { return told_->has_value(); })) co_return **told_;
    co_return attempt{
        .error = make_error_code(errc::stage_timed_out), .result = {.at = client_.explain().at}, .took = since(began_)};
}

task<visitor::attempt> visitor::connect(clock::time_point deadline) {
    begin();
    co_return co_await outcome(deadline);
}

task<> visitor::leave(clock::time_point deadline) {
    const auto is_gone = std::make_shared<bool>(false);
    client_.disconnect({.grace = std::chrono::milliseconds(500)}, [is_gone](std::error_code) { *is_gone = true; });
    co_await until(deadline, [&] { return *is_gone; });
}

void visitor::keep_trying() {
    client_.connect({.retry = true}, [](std::error_code, const connect_result&) {});
}

}  // namespace mqtt_as::cli
