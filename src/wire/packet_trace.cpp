// Packets in words. It reads what a broken peer may have written, so it believes nothing.
#include "mqtt_as/packet_trace.hpp"

#include "src/wire/protocol.hpp"
#include "src/wire/reader.hpp"

#include <algorithm>

namespace mqtt_as {

namespace {

using wire::packet_type;

constexpr std::size_t quoted_max = 100;  // of a topic or a client identifier

/// Text in a buffer that is never overrun: what does not fit is left out.
class line {
public:
    explicit line(std::span<char> buffer) : buffer_(buffer) {}

    line& operator<<(char c) {
        if (size_ < buffer_.size()) buffer_[size_++] = c;
        return *this;
    }
    line& operator<<(std::string_view text) {
        for (const char c : text) *this << c;
        return *this;
    }
    line& operator<<(std::uint32_t number) {
        char digits[10];
        std::size_t n = 0;
        do digits[n++] = static_cast<char>('0' + number % 10);
        while ((number /= 10) != 0);
        while (n > 0) *this << digits[--n];
        return *this;
    }
    /// Control characters could rewrite the reader's screen.
    line& quote(std::string_view text) {
        *this << '"';
        for (const char c : text.substr(0, quoted_max)) {
            const auto code = static_cast<unsigned char>(c);
            *this << (code < 0x20 || code == 0x7F ? '?' : c);
        }
        return *this << (text.size() > quoted_max ? "...\"" : "\"");
    }
    std::string_view text() const { return {buffer_.data(), size_}; }

private:
    std::span<char> buffer_;
    std::size_t size_ = 0;
};

constexpr std::string_view names[] = {
    "packet of type 0", "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
    "SUBSCRIBE",        "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};

/// What there is to read of a packet, and where it goes. After a field that is not there the rest says nothing.
struct packet {
    wire::reader in;
    std::uint8_t flags;
    protocol_version version;
    line& out;

    bool is_v5() const { return version == protocol_version::v5; }
    bool is_readable() const { return in.why() == violation::none; }
    void skip_properties() {
        if (is_v5()) in.take(in.take_variable());
    }
    void put_id() {
        const std::uint32_t id = in.take_number(2);
        if (is_readable()) out << " id " << id;
    }
    void put_text(std::string_view before, std::string_view text) {
        if (is_readable()) (out << before).quote(text);
    }
    void put_reason(std::uint8_t code) { out << ": " << describe(reason_code{code}); }
};

void put_connect(packet& p) {
    p.in.take_data();
    const std::uint32_t level = p.in.take_number(1);
    const std::uint32_t flags = p.in.take_number(1);
    const std::uint32_t keep_alive = p.in.take_number(2);
    p.skip_properties();
    const std::string_view client = p.in.take_data();
    p.out << (level == 4 ? " 3.1.1" : level == 5 ? " 5" : " of another version");
    p.put_text(" client ", client);
    if (flags & 0x02) p.out << " clean";
    p.out << " keep-alive " << keep_alive;
    if (flags & 0x04) p.out << " will qos " << (flags >> 3 & 3);
    if (flags & 0x20) p.out << " retain";
    if (flags & 0x80) p.out << " user";
    if (flags & 0x40) p.out << " password";
}

/// MQTT 3.1.1 has return codes of its own.
std::uint8_t reason_of_connack(std::uint32_t code, bool is_v5) {
    constexpr std::uint8_t of_v311[] = {0x00, 0x84, 0x85, 0x88, 0x86, 0x87};
    return is_v5 ? static_cast<std::uint8_t>(code) : code < std::size(of_v311) ? of_v311[code] : 0xFF;
}

void put_connack(packet& p) {
    const std::uint32_t flags = p.in.take_number(1);
    const std::uint32_t code = p.in.take_number(1);
    if (!p.is_readable()) return;
    if (flags & 1) p.out << " session present";
    p.put_reason(reason_of_connack(code, p.is_v5()));
}

void put_publish(packet& p, std::uint32_t remaining_length) {
    const std::size_t before = p.in.left();
    const std::uint32_t qos = p.flags >> 1 & 3;
    p.out << " qos " << qos;
    if (p.flags & wire::dup_flag) p.out << " dup";
    if (p.flags & 1) p.out << " retain";
    const std::string_view topic = p.in.take_data();
    if (qos != 0) p.put_id();
    p.put_text(" ", topic);
    p.skip_properties();
    const auto head = static_cast<std::uint32_t>(before - p.in.left());
    if (p.is_readable()) p.out << " payload " << remaining_length - head;
}

/// A reason stands where there is one to be told.
void put_acknowledgement(packet& p) {
    p.put_id();
    if (p.in.left() > 0) p.put_reason(static_cast<std::uint8_t>(p.in.take_number(1)));
}

void put_request(packet& p, bool subscribes) {
    p.put_id();
    p.skip_properties();
    for (bool first = true; p.in.left() > 0 && p.is_readable(); first = false) {
        p.put_text(first ? " " : ", ", p.in.take_data());
        if (subscribes) p.out << " qos " << (p.in.take_number(1) & 3);
    }
}

void put_answer(packet& p) {
    p.put_id();
    p.skip_properties();
    while (p.in.left() > 0 && p.is_readable()) p.put_reason(static_cast<std::uint8_t>(p.in.take_number(1)));
}

void put_fields(packet& p, packet_type type, std::uint32_t remaining_length) {
    switch (type) {
    case packet_type::connect: return put_connect(p);
    case packet_type::connack: return put_connack(p);
    case packet_type::publish: return put_publish(p, remaining_length);
    case packet_type::puback:
    case packet_type::pubrec:
    case packet_type::pubrel:
    case packet_type::pubcomp: return put_acknowledgement(p);
    case packet_type::subscribe: return put_request(p, true);
    case packet_type::unsubscribe: return put_request(p, false);
    case packet_type::suback:
    case packet_type::unsuback: return put_answer(p);
    case packet_type::disconnect:
    case packet_type::auth:
        if (p.in.left() > 0) p.put_reason(static_cast<std::uint8_t>(p.in.take_number(1)));
        return;
    default: return;
    }
}

}  // namespace

std::string_view packet_trace::read(bytes& in) noexcept {
    while (!in.empty() && !is_lost_) {
        if (size_ == 0) {
            head_[read_++] = in.front();
            in = in.subspan(1);
            if (read_ == 1) continue;
            const bool is_last = (head_[read_ - 1] & 0x80) == 0;
            is_lost_ = !is_last && read_ == wire::fixed_header_max;
            if (is_lost_) return "something that is not MQTT; what follows cannot be read";
            if (!is_last) continue;
            header_size_ = read_;
            for (std::uint32_t i = read_ - 1; i > 0; --i) size_ = size_ << 7 | (head_[i] & 0x7F);
            size_ += read_;
        } else {
            const auto part = in.first(std::min<std::size_t>(in.size(), size_ - read_));
            const std::size_t at = std::min<std::size_t>(read_, head_.size());
            std::copy_n(part.begin(), std::min(part.size(), head_.size() - at), head_.data() + at);
            read_ += static_cast<std::uint32_t>(part.size());
            in = in.subspan(part.size());
        }
        if (read_ == size_) {
            const std::string_view text = describe();
            read_ = size_ = 0;
            return text;
        }
    }
    in = {};
    return {};
}

std::string_view packet_trace::unfinished() noexcept {
    return read_ == 0 || is_lost_ ? std::string_view() : describe();
}

std::string_view packet_trace::describe() noexcept {
    line out(text_);
    const auto type = static_cast<std::uint8_t>(head_[0] >> 4);
    out << names[type];
    if (size_ != 0) {
        const bytes known = bytes(head_).first(std::min<std::size_t>(read_, head_.size()));
        packet p{.in = wire::reader(known.subspan(header_size_)),
                 .flags = static_cast<std::uint8_t>(head_[0] & 0x0F),
                 .version = version_,
                 .out = out};
        put_fields(p, static_cast<packet_type>(type), size_ - header_size_);
    }
    out << ", " << read_;
    if (read_ != size_ && size_ != 0) out << " of " << size_;
    if (read_ != size_ && size_ == 0) out << " of unknown";
    out << " bytes";
    return out.text();
}

}  // namespace mqtt_as
