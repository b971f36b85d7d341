// Everything for a host: the client, completion tokens, coroutines, `run`.
#pragma once

#include "mqtt_as/asio/async.hpp"
#include "mqtt_as/asio/client.hpp"
#include "mqtt_as/asio/config.hpp"
#include "mqtt_as/asio/error.hpp"
#include "mqtt_as/asio/event_loop.hpp"
#include "mqtt_as/asio/message.hpp"
#include "mqtt_as/asio/run.hpp"
#include "mqtt_as/asio/task.hpp"
#include "mqtt_as/engine_config.hpp"
#include "mqtt_as/payload.hpp"
#include "mqtt_as/properties.hpp"
#include "mqtt_as/topic.hpp"
#include "mqtt_as/types.hpp"
