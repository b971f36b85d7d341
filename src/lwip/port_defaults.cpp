// What a board need not supply. Weak: functions of the same name in the program take their place, one by one.
#include "mqtt_as/lwip/port.hpp"

namespace mqtt_as::port {

[[gnu::weak]] void wake() {}
[[gnu::weak]] errc join_wifi(std::string_view, std::string_view) { return errc::ok; }

[[gnu::weak]] bytes load(std::uint8_t) { return {}; }
[[gnu::weak]] bool save(std::uint8_t, std::span<const bytes>) { return false; }
[[gnu::weak]] void erase(std::uint8_t) {}

[[gnu::weak]] duration on_task_failed(errc, std::string_view) { return duration(5'000); }
[[gnu::weak]] void print(std::string_view) {}

}  // namespace mqtt_as::port
