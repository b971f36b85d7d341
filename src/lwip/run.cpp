// A program around one coroutine.
#include "mqtt_as/lwip/run.hpp"

#include "mqtt_as/lwip/client.hpp"
#include "mqtt_as/lwip/event_loop.hpp"
#include "mqtt_as/lwip/port.hpp"

#include <new>

namespace mqtt_as {

namespace {

/// Turns the loop until `job` has ended, and says how.
errc wait_for(event_loop& loop, job& j) {
    while (!j.take_end()) port::wait(loop.turn());
    return j.error();
}

task<> leave(MQTTClient& client) { co_await client.disconnect(); }
task<> rest(duration span) { co_await sleep_for(span); }

}  // namespace

int run(const config& given, callable<task<>(MQTTClient&)> main) {
    // On the stack they would be the largest things there: static, they are counted by the linker.
    alignas(event_loop) static std::byte room_for_loop[sizeof(event_loop)];
    alignas(MQTTClient) static std::byte room_for_client[sizeof(MQTTClient)];
    auto& loop = *new (room_for_loop) event_loop;
    auto& client = *new (room_for_client) MQTTClient(loop, given);
    int status = 0;
    {
        job work(loop);
        for (;;) {
            work.start(main(client));
            const errc failure = wait_for(loop, work);
            const duration again_after = failure == errc::ok ? duration(-1) : port::on_task_failed(failure, "main");
            if (failure != errc::ok && again_after.count() < 0) status = 1;
            work.start(leave(client));
            wait_for(loop, work);
            if (again_after.count() < 0) break;
            work.start(rest(again_after));
            wait_for(loop, work);
        }
    }
    client.~MQTTClient();
    loop.~event_loop();
    return status;
}

}  // namespace mqtt_as
