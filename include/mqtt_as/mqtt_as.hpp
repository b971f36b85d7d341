// The whole client: the front of hosts, or with MQTT_AS_LWIP (which the CMake target `mqtt_as::lwip` defines) that of
// boards. A program that keeps to what both have compiles unchanged for either.
#pragma once

#if defined(MQTT_AS_LWIP)
#include "mqtt_as/lwip/client.hpp"
#include "mqtt_as/lwip/config.hpp"
#include "mqtt_as/lwip/event_loop.hpp"
#include "mqtt_as/lwip/payload.hpp"
#include "mqtt_as/lwip/run.hpp"
#include "mqtt_as/lwip/task.hpp"
#else
#include "mqtt_as/asio/async.hpp"
#include "mqtt_as/asio/client.hpp"
#include "mqtt_as/asio/config.hpp"
#include "mqtt_as/asio/error.hpp"
#include "mqtt_as/asio/event_loop.hpp"
#include "mqtt_as/asio/message.hpp"
#include "mqtt_as/asio/run.hpp"
#include "mqtt_as/asio/task.hpp"
#include "mqtt_as/payload.hpp"
#endif

#include "mqtt_as/as_result.hpp"
#include "mqtt_as/engine_config.hpp"
#include "mqtt_as/properties.hpp"
#include "mqtt_as/topic.hpp"
#include "mqtt_as/types.hpp"
