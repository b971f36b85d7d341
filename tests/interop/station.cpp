// Promises around callbacks.
#include "tests/interop/station.hpp"

#include <ostream>
#include <utility>

namespace mqtt_as::interop {

namespace {

using namespace std::chrono_literals;
constexpr auto patience = 60s;  // this machine may be busy

}  // namespace

std::ostream& operator<<(std::ostream& out, const heard& m) {
    const bool is_long = m.text.size() > 60;
    return out << m.topic << " '" << (is_long ? std::to_string(m.text.size()) + " bytes" : m.text) << "' qos " << m.qos
               << (m.retained ? " retained" : "");
}

station::station(config settings) {
    client_.emplace(loop_, watching(std::move(settings)));
    loop_.after(std::chrono::hours(24), [] {});  // it runs until it is stopped
    thread_ = std::thread([this] { loop_.run(); });
}

station::~station() {
    loop_.stop();
    thread_.join();
}

config station::watching(config settings) {
    settings.wifi_coro = [this](bool up) { record_.update([up](record& r) { r.online = up; }); };
    settings.subs_cb = [this](const received_message& m) {
        record_.update([&](record& r) {
            r.messages.push_back({std::string(m.topic()), std::string(m.text()), m.qos(), m.retained()});
        });
    };
    return settings;
}

template <class Result, class Begin>
std::optional<std::pair<std::error_code, Result>> station::await(Begin begin) {
    const auto done = std::make_shared<std::promise<std::pair<std::error_code, Result>>>();
    begin([done](std::error_code error, Result result) { done->set_value({error, std::move(result)}); });
    auto future = done->get_future();
    if (future.wait_for(patience) != std::future_status::ready) return std::nullopt;
    return future.get();
}

std::optional<bool> station::connect() {
    const auto ended = await<connect_result>([&](auto token) { client_->connect({.retry = true}, std::move(token)); });
    if (!ended || ended->first) return std::nullopt;
    return ended->second.session_present;
}

int station::subscribe(std::string_view filter, int qos) {
    const auto ended = await<subscribe_result>([&](auto token) { client_->subscribe(filter, qos, std::move(token)); });
    if (!ended) return -1;
    return ended->first ? -ended->first.value() : ended->second.granted_qos();
}

std::error_code station::publish(std::string_view topic, std::string_view text, int qos, bool retain) {
    const publish_options options{.qos = static_cast<std::uint8_t>(qos), .retain = retain};
    const auto ended =
        await<publish_result>([&](auto token) { client_->publish(topic, text, options, std::move(token)); });
    return ended ? ended->first : make_error_code(errc::timed_out);
}

void station::publish_later(std::string_view topic, std::string_view text, int qos) {
    client_->publish(topic, text, {.qos = static_cast<std::uint8_t>(qos)},
                     [this](std::error_code error, const publish_result&) {
                         if (!error) record_.update([](record& r) { ++r.acknowledged; });
                     });
}

std::error_code station::disconnect() {
    const auto done = std::make_shared<std::promise<std::error_code>>();
    client_->disconnect([done](std::error_code error) { done->set_value(error); });
    auto future = done->get_future();
    return future.wait_for(patience) == std::future_status::ready ? future.get() : make_error_code(errc::timed_out);
}

void station::vanish() { client_->close(); }

bool station::wait_acknowledged(std::size_t count) const {
    return record_.wait_for(patience, [&](const record& r) { return r.acknowledged >= count; });
}

bool station::wait_online(bool online) const {
    return record_.wait_for(patience, [&](const record& r) { return r.online == online; });
}

std::vector<heard> station::received() const {
    return record_.look([](const record& r) { return r.messages; });
}

bool station::wait_received(std::size_t count) const {
    return record_.wait_for(patience, [&](const record& r) { return r.messages.size() >= count; });
}

void station::forget_received() {
    record_.update([](record& r) { r.messages.clear(); });
}

}  // namespace mqtt_as::interop
