// The image that outage tests play with: publishes numbers at qos 1 and 2 and says which were acknowledged; prints what
// it receives. Ends on the message "end" to `to/board`.
#include "firmware/common/semihosting.hpp"
#include "firmware/common/start.hpp"

#include <mqtt_as/lwip/port.hpp>
#include <mqtt_as/mqtt_as.hpp>
#if MQTT_AS_LWIP_HAS_TLS
#include "firmware/mps2/secure.hpp"
#endif

using namespace std::chrono_literals;
using board::print_line;

namespace {

struct {
    bool is_to_end = false;
    std::uint32_t unanswered = 0;
    char life[5];  // tells what was published before a power cycle from what came after
} state;

std::string_view text_of(std::uint32_t number, std::span<char> to) {
    char* first = to.data() + to.size();
    do *--first = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    *--first = '-';
    for (int i = 3; i >= 0; --i) *--first = state.life[i];
    return {first, static_cast<std::size_t>(to.data() + to.size() - first)};
}

mqtt_as::task<> publish_numbers(mqtt_as::MQTTClient& client) {
    co_await client.connect({.retry = true});
    const std::uint32_t pause = board::number_argument("pause", 20);
    const std::uint32_t count = board::number_argument("count", UINT32_MAX);
    const std::uint32_t odd_qos = board::number_argument("odd_qos", 2);  // even numbers go at qos 1
    for (std::uint32_t n = 0; !state.is_to_end; ++n) {
        co_await mqtt_as::sleep_for(mqtt_as::duration(pause));
        if (n >= count) continue;
        char text[20];
        const std::string_view body = text_of(n, text);
        mqtt_as::errc e;
        while ((e = client.publish(n % 2 == 0 ? "from/1" : "from/2", body,
                                   {.qos = static_cast<std::uint8_t>(n % 2 == 0 ? 1 : odd_qos)},
                                   [n](mqtt_as::errc error, mqtt_as::publish_result) {
                                       char again[20];
                                       --state.unanswered;
                                       if (error == mqtt_as::errc::ok)
                                           print_line("acknowledged ", text_of(n, again));
                                       else
                                           print_line("not ", text_of(n, again), " ",
                                                      static_cast<std::uint32_t>(error));
                                   })) != mqtt_as::errc::ok) {
            if (e != mqtt_as::errc::queue_full && e != mqtt_as::errc::out_of_memory)
                print_line("rejected ", static_cast<std::uint32_t>(e));
            co_await mqtt_as::sleep_for(20ms);  // full, as it is in an outage
        }
        ++state.unanswered;
        if (client.config().store_publishes) print_line("accepted ", body);
    }
    while (state.unanswered > 0) co_await mqtt_as::sleep_for(20ms);
}

}  // namespace

int main() {
    const std::uint64_t drawn = mqtt_as::port::entropy();
    for (int i = 0; i < 4; ++i) state.life[i] = static_cast<char>('a' + (drawn >> (8 * i)) % 26);
    print_line("begins ", std::string_view(state.life, 4));

    mqtt_as::MQTTClient::DEBUG = board::number_argument("debug", 0) != 0;
    mqtt_as::config config;
    config.client_id = board::argument("id");
    config.server = board::argument("server").data();
    config.port = static_cast<std::uint16_t>(board::number_argument("port", 1883));
    config.clean = false;
    config.clean_init = false;
    config.response_time = 2s;
    config.backoff.first_step = mqtt_as::duration(100);
    config.backoff.cap = mqtt_as::duration(1'000);
    config.store_publishes = board::number_argument("store", 0) != 0;
    config.subs_cb = [](std::string_view topic, std::string_view message, bool) {
        print_line("got ", topic, " ", message);
        state.is_to_end = state.is_to_end || message == "end";
    };
    config.wifi_coro = [](bool up) { print_line(up ? "up" : "down"); };
    config.connect_coro = [](mqtt_as::MQTTClient& client) -> mqtt_as::task<> {
        co_await client.subscribe("to/board", 1);
        print_line("subscribed");
    };
#if MQTT_AS_LWIP_HAS_TLS
    board::secure(config);
#endif
    const int status = mqtt_as::run(config, publish_numbers);
    print_line("figures mps2_traffic flash ", board::flash_used(), " ram ", board::ram_used(), " stack ",
               board::stack_used(), " tasks ", static_cast<std::uint32_t>(mqtt_as::look_at_task_memory().most));
#if MQTT_AS_LWIP_HAS_TLS
    print_line("heap ", board::heap_used());
#endif
    print_line("republished ", mqtt_as::MQTTClient::REPUB_COUNT);
    print_line("ends");
    return status;
}
