// A whole program around one coroutine.
#pragma once

#include "mqtt_as/lwip/callable.hpp"
#include "mqtt_as/lwip/config.hpp"
#include "mqtt_as/lwip/task.hpp"

namespace mqtt_as {

/// Makes a client of `config` and runs `main` with it until it ends; then disconnects in good order.
///
/// Returns 0 when `main` returned. When something that it awaited failed, `port::on_task_failed` is told and decides:
/// after a while it is started again, on a client that has disconnected; or 1 is returned. Called once at a time.
int run(const config&, callable<task<>(MQTTClient&)> main);

}  // namespace mqtt_as
