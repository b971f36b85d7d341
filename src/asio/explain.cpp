// Where the client stands, in one line for people.
#include "mqtt_as/asio/client.hpp"

#include <array>
#include <cstdio>

namespace mqtt_as {

namespace {

/// "41 s", "12.3 s" where tenths matter, "3 min", "2.5 h".
std::string text_of(duration d, bool tenths = false) {
    const double s = static_cast<double>(d.count()) / 1000;
    std::array<char, 32> text{};
    if (!(d < status::longest_ago)) return "more than 11 days";
    if (s >= 7200) {
        std::snprintf(text.data(), text.size(), "%.1f h", s / 3600);
    } else if (s >= 120) {
        std::snprintf(text.data(), text.size(), "%.0f min", s / 60);
    } else {
        std::snprintf(text.data(), text.size(), tenths ? "%.1f s" : "%.0f s", s);
    }
    return text.data();
}

std::string size_text(std::size_t bytes) {
    if (bytes < 1'000) return std::to_string(bytes) + " B";
    if (bytes < 1'000'000) return std::to_string(bytes / 1'000) + " KB";
    return std::to_string(bytes / 1'000'000) + " MB";
}

std::string at_stage(stage at) {
    switch (at) {
    case stage::link: return "waiting for the network";
    case stage::resolve: return "looking up the server's name";
    case stage::connect: return "connecting";
    case stage::tls: return "securing the connection";
    default: return "waiting for the server's answer to CONNECT";
    }
}

std::string place(const explanation& e) { return e.address.empty() ? e.server : e.address; }

std::string why(const explanation& e) {
    if (!e.last_error) return {};
    std::string text = ": " + describe(*e.last_error, e.error_text) + " (" + place(e) + ")";
    if (!e.last_error->can_retry_help) text += "; trying again will not help until someone changes something";
    return text;
}

std::string backlog(const explanation& e) {
    if (e.unfinished == 0 && e.waiting_for_room == 0) return {};
    const std::size_t count = e.unfinished + e.waiting_for_room;
    const bool up = e.now_in == status::phase::online;
    return "; " + std::to_string(count) + (count == 1 ? " message (" : " messages (") + size_text(e.payload_bytes) +
           (up ? ") on the way" : ") queued");
}

std::string held(const explanation& e) {
    if (e.unacknowledged == 0) return {};
    return "; " + std::to_string(e.unacknowledged) +
           (e.unacknowledged == 1 ? " received message" : " received messages") + " not acknowledged, the oldest for " +
           text_of(e.now - *e.unacknowledged_since);
}

std::string unread(const explanation& e) {
    std::string text;
    if (e.queue_size != 0)
        text = "; " + std::to_string(e.queue_size) +
               (e.queue_size == 1 ? " received message waits" : " received messages wait") + " in the queue";
    if (!e.reads) text += "; nothing more is read until received messages are taken";
    return text;
}

std::string down(const explanation& e) {
    std::string text = "down";
    if (e.outage_since) text.append(" ").append(text_of(e.now - *e.outage_since));
    return text + why(e);
}

}  // namespace

// In MQTT 3.1.1 a server has no other way to say either; Mosquitto 2.0 does not say the first in MQTT 5.
std::string explanation::suspicion() const {
    if (soon_lost < 3) return {};
    return std::to_string(soon_lost) + " connections in a row were soon ended by the server: does another client use " +
           "this client identifier, or does it not take one of our messages (size, qos, retain)?";
}

std::string explanation::text() const {
    if (closed) return "closed";
    std::string text;
    switch (now_in) {
    case phase::stopped: return (last_error ? "stopped" + why(*this) : std::string("not started")) + backlog(*this);
    case phase::online: text = "up " + text_of(now - since) + " (" + place(*this) + ")"; break;
    case phase::waiting:
        text = down(*this);
        if (attempt > 0) text += "; attempt " + std::to_string(attempt);
        if (next_attempt) text += "; next in " + text_of(std::max(duration(0), *next_attempt - now), true);
        break;
    case phase::opening:
    case phase::handshake:
        text = down(*this) + "; attempt " + std::to_string(attempt) + ": " + at_stage(at) + " (" + server + ")";
        break;
    default: text = "closing the connection"; break;
    }
    if (!link_up) text += "; link down " + text_of(now - link_since) + (link.empty() ? "" : ": " + link);
    text += backlog(*this) + held(*this) + unread(*this);
    if (const std::string doubt = suspicion(); !doubt.empty()) text += "; " + doubt;
    return text;
}

}  // namespace mqtt_as
