// The engine alone on 16 KiB of RAM, over a UART: publishes numbers at qos 1 and 2, says which were acknowledged,
// prints what it receives. Ends on the message "end".
//
// At the other end of the UART is a broker's TCP port. Nothing tells this end when that connection breaks, so there is
// no `on_closed` but in answer to `close`: silence does it.
#include "firmware/common/semihosting.hpp"
#include "firmware/common/start.hpp"
#include "firmware/microbit/uart.hpp"

#include <algorithm>
#include <array>
#include <mqtt_as/board_memory.hpp>
#include <mqtt_as/engine.hpp>
#include <variant>

using board::print_line;
using mqtt_as::duration;
using mqtt_as::time_point;

namespace {

constexpr mqtt_as::limits limits{.operations_max = 4,
                                 .payload_bytes_max = 256,
                                 .subscriptions_max = 1,
                                 .inbound_max = 1,
                                 .inbound_qos2_max = 4,
                                 .packet_bytes_max = 128,
                                 .batch_bytes_max = 128,
                                 .gather_from = 65'535};

mqtt_as::board_memory<limits> memory;
char life[5];

std::string_view text_of(std::uint32_t number, std::span<char> to) {
    char* first = to.data() + to.size();
    do *--first = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    *--first = '-';
    for (int i = 3; i >= 0; --i) *--first = life[i];
    return {first, static_cast<std::size_t>(to.data() + to.size() - first)};
}

mqtt_as::bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string_view text_of(mqtt_as::bytes data) { return {reinterpret_cast<const char*>(data.data()), data.size()}; }

class pump {
public:
    /// `odd_qos`: of the messages with odd numbers; the others have 1.
    pump(mqtt_as::engine& e, std::uint32_t odd_qos) : engine_(e), odd_qos_(odd_qos) {}

    void run(std::uint32_t pause) {
        engine_.start(now(), true);
        engine_.subscribe(now(), {.filter = "to/board", .qos = 1});
        while (!is_stopped_) {
            if (!is_to_end_ && now() - next_at_ >= duration(0)) publish(pause);
            if (is_to_end_ && unanswered_ == 0) engine_.stop(now(), duration(1'000));
            tell();
            read();
            if (const auto due = engine_.deadline(); due && now() >= *due) engine_.on_time(now());
            tell();
            write();
            perform();
            board::wake_by_uart();
            board::sleep();
        }
    }

private:
    static time_point now() { return time_point(board::milliseconds()); }

    void publish(std::uint32_t pause) {
        char text[20];
        const std::string_view body = text_of(number_, text);
        const bool odd = number_ % 2 != 0;
        const auto s = engine_.publish(now(), {.topic = odd ? "from/2" : "from/1",
                                               .payload = bytes_of(body),
                                               .qos = static_cast<std::uint8_t>(odd ? odd_qos_ : 1),
                                               .owner = reinterpret_cast<void*>(number_ + 1)});
        if (s.error != mqtt_as::errc::ok) return;  // full, as it is in an outage
        ++number_;
        ++unanswered_;
        next_at_ = now() + duration(static_cast<std::int32_t>(pause));
    }

    void read() {
        std::array<std::uint8_t, 16> room;
        while (engine_.wants_bytes()) {
            const std::size_t size = board::receive(room);
            if (size == 0) return;
            mqtt_as::bytes in(room.data(), size);
            while (!in.empty()) {
                const mqtt_as::taken t = engine_.on_bytes(now(), epoch_, in);
                in = in.subspan(t.size);
                if (t.received != nullptr) {
                    print_line("got ", t.received->topic, " ", text_of(t.received->payload));
                    is_to_end_ = is_to_end_ || text_of(t.received->payload) == "end";
                    engine_.acknowledge(now(), t.received->id);
                }
                tell();
            }
        }
        while (!engine_.wants_bytes() && board::receive(room) != 0) {  // of a connection that is over
        }
    }

    void write() {
        std::array<mqtt_as::bytes, 2> gather;
        while (const std::size_t count = engine_.poll_transmit(now(), gather)) {
            std::size_t size = 0;
            for (std::size_t i = 0; i < count; ++i) {
                board::send(gather[i]);
                size += gather[i].size();
            }
            engine_.on_sent(now(), epoch_, size);
            tell();
        }
    }

    void perform() {
        while (const auto c = engine_.poll_command()) {
            if (c->what == mqtt_as::command::kind::open) {
                epoch_ = c->epoch;
                engine_.on_opened(now(), epoch_);
            } else {
                engine_.on_closed(now(), epoch_, mqtt_as::errc::connection_closed, 0);
            }
            tell();
        }
    }

    void tell() {
        for (bool more = true; more;) {
            more = false;
            while (const mqtt_as::op_done* done = engine_.poll_done()) {
                if (done->owner == nullptr || done->reported_before) continue;
                char text[20];
                --unanswered_;
                const auto number = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(done->owner)) - 1;
                print_line(done->error == mqtt_as::errc::ok ? "acknowledged " : "not ", text_of(number, text));
            }
            if (const auto e = engine_.poll_event()) {
                more = true;
                if (std::holds_alternative<mqtt_as::connected>(*e)) print_line("up");
                if (const auto* d = std::get_if<mqtt_as::disconnected>(&*e); d != nullptr && d->was_online)
                    print_line("down");
                is_stopped_ = is_stopped_ || std::holds_alternative<mqtt_as::stopped>(*e);
            }
        }
    }

    mqtt_as::engine& engine_;
    const std::uint32_t odd_qos_;
    mqtt_as::epoch epoch_ = 0;
    time_point next_at_{};
    std::uint32_t number_ = 0;
    std::uint32_t unanswered_ = 0;
    bool is_to_end_ = false;
    bool is_stopped_ = false;
};

}  // namespace

int main() {
    board::begin_uart();
    const std::uint64_t drawn = board::random();
    for (int i = 0; i < 4; ++i) life[i] = static_cast<char>('a' + static_cast<std::uint8_t>(drawn >> (8 * i)) % 26);
    print_line("begins ", std::string_view(life, 4));

    mqtt_as::engine_config config;
    config.protocol = &mqtt_as::wire::v3_1_1;
    config.client_id = "microbit";
    config.clean = false;
    config.clean_init = false;
    config.response_time = duration(2'000);
    config.backoff.first_step = duration(200);
    config.backoff.cap = duration(1'000);
    mqtt_as::engine engine(config, limits, memory, drawn);
    if (!engine.ok()) return 1;
    pump(engine, board::number_argument("odd_qos", 2)).run(board::number_argument("pause", 20));
    print_line("figures microbit_traffic flash ", board::flash_used(), " ram ", board::ram_used(), " stack ",
               board::stack_used(), " engine ", std::uint32_t{mqtt_as::memory_required(limits)});
    print_line("ends");
    return 0;
}
