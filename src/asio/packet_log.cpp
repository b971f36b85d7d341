// Both directions of a connection, packet by packet, with the time of day.
#include "src/asio/packet_log.hpp"

#include "mqtt_as/asio/debug.hpp"
#include "mqtt_as/packet_trace.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace mqtt_as::detail {

namespace {

/// "09:15:02.123 <- PUBACK id 17, 4 bytes": arrows as seen from the client. UTC, so that a broker's log can be laid
/// beside it.
std::string line_of(const char* arrow, std::string_view packet, const char* end = "") {
    const auto now = std::chrono::system_clock::now();
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1'000;
    std::tm day{};
    ::gmtime_r(&seconds, &day);
    std::array<char, 400> text;
    const int size =
        std::snprintf(text.data(), text.size(), "%02d:%02d:%02d.%03d %s %.*s%s", day.tm_hour, day.tm_min, day.tm_sec,
                      static_cast<int>(ms), arrow, static_cast<int>(packet.size()), packet.data(), end);
    return {text.data(), std::min(static_cast<std::size_t>(size), text.size() - 1)};
}

class traced_packets final : public packet_log {
public:
    explicit traced_packets(protocol_version version) : out_(version), in_(version) {}

    std::vector<std::string> sent(std::span<const bytes> batch, std::size_t size) override {
        std::vector<std::string> lines;
        for (const bytes& piece : batch) {
            const bytes taken = piece.first(std::min(piece.size(), size));
            size -= taken.size();
            add(out_, "->", taken, lines);
        }
        return lines;
    }
    std::vector<std::string> received(bytes in) override {
        std::vector<std::string> lines;
        add(in_, "<-", in, lines);
        return lines;
    }
    std::vector<std::string> ended() override {
        std::vector<std::string> lines;
        if (const auto cut = out_.unfinished(); !cut.empty()) lines.push_back(line_of("->", cut, ": cut off"));
        if (const auto cut = in_.unfinished(); !cut.empty()) lines.push_back(line_of("<-", cut, ": cut off"));
        return lines;
    }

private:
    static void add(packet_trace& trace, const char* arrow, bytes part, std::vector<std::string>& lines) {
        while (!part.empty()) {
            if (const auto packet = trace.read(part); !packet.empty()) lines.push_back(line_of(arrow, packet));
        }
    }

    packet_trace out_;
    packet_trace in_;
};

}  // namespace

std::unique_ptr<packet_log> trace_packets(protocol_version version) {
    return std::make_unique<traced_packets>(version);
}

}  // namespace mqtt_as::detail
