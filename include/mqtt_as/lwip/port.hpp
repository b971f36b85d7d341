// What a board supplies, in the manner of lwIP's own port: functions with these names, defined in your program. Those
// marked "optional" have a default that yours replaces.
//
// Time is lwIP's `sys_now()`. The client runs in the thread that calls `mqtt_as::run` or `event_loop::run`; with
// NO_SYS=1 that is the main loop, and `wait` is where lwIP is driven.
#pragma once

#include "mqtt_as/types.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mqtt_as::port {

/// 64 bits that nobody can foresee, from the board's generator of random numbers: they decide the client identifier,
/// the jitter of reconnections and the first packet identifier. A constant makes all boards reconnect in step.
std::uint64_t entropy();

/// Sleeps for `at_most`, or until something has happened. NO_SYS=1: feeds received frames to lwIP, calls
/// sys_check_timeouts(), and sleeps until the next interrupt when there was nothing to do. With threads: waits for what
/// `wake` signals.
void wait(duration at_most);

/// Optional: ends a `wait`. Called in lwIP's thread; with NO_SYS=1 there is nothing to do.
void wake();

/// Optional: begins to join the Wi-Fi network, without waiting. Called when `config::ssid` is set and the interface is
/// down. An error (wifi_wrong_key, wifi_not_found...) ends the attempt at once; else the interface has 60 s to come up.
errc join_wifi(std::string_view ssid, std::string_view wifi_pw);

// ---- the session's records ---------------------------------------------------------------------
// What must survive a power cycle (flash, EEPROM, RAM that is powered on). Record 0 says that the server keeps a
// session of ours, it is written once in the life of a session. With `config::store_publishes`, records 1 and up are
// accepted publishes of qos 1 and 2 that are not finished.

/// Optional: the record; empty when there is none. Valid until the next call of these three.
bytes load(std::uint8_t record);
/// Optional: writes a record that consists of these parts; false when that failed. The default keeps nothing.
bool save(std::uint8_t record, std::span<const bytes> parts);
/// Optional: removes a record.
void erase(std::uint8_t record);

// ---- what went wrong ---------------------------------------------------------------------------

/// Optional: a task ended by a failure (`where`: "main", "connect_coro", "wifi_coro"). For "main", `run` disconnects
/// and starts it again after the returned time; a negative one ends `run` with status 1. The default: again after 5 s.
duration on_task_failed(errc error, std::string_view where);

/// Optional: takes the lines of `MQTTClient::dprint`. The default drops them.
void print(std::string_view line);

// ---- memory ------------------------------------------------------------------------------------

/// Optional: the engine's memory, of the one client without `config::memory`. The default suits `small_board_limits`.
std::span<std::uint8_t> engine_memory();
/// Optional: the memory of coroutine frames and of callbacks that wait. The default: 1 KiB.
std::span<std::byte> task_memory();

}  // namespace mqtt_as::port
