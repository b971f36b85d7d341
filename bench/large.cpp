// Receives one large message: how much memory that takes.
#include "bench/memory.hpp"
#include "bench/meter.hpp"
#include "bench/roles.hpp"

#include <cstdio>
#include <mqtt_as/asio/client.hpp>

namespace bench {

int run_large(const load& l) {
    int status = 2;
    std::size_t before_kb = 0;
    meter m;
    mqtt_as::event_loop loop;
    mqtt_as::config c;
    c.server = "127.0.0.1";
    c.port = l.port;
    c.subs_cb = [&](const mqtt_as::received_message& message) {
        if (message.payload().size() == l.what.payload_size) status = 0;
        meter::print("growth_b", (status_kb("VmHWM:") - before_kb) * 1'024);
        m.print();
        loop.stop();
    };
    mqtt_as::MQTTClient client(loop, c);
    client.connect([&](std::error_code error, const mqtt_as::connect_result&) {
        if (error) return loop.stop();
        before_kb = status_kb("VmRSS:");
        m.start();
        client.subscribe(flood_filter(l), l.what.qos, [](std::error_code, const mqtt_as::subscribe_result&) {});
    });
    loop.run();
    return status;
}

}  // namespace bench
