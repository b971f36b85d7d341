// The rest of the port, for tests.
#include "tests/lwip/world.hpp"

namespace mqtt_as {

namespace lwip_test {
failures task_failures;
flash the_flash;
wifi the_wifi;
}  // namespace lwip_test

namespace port {

duration on_task_failed(errc error, std::string_view where) {
    lwip_test::task_failures.told.emplace_back(error, where);
    return lwip_test::task_failures.again_after;
}

/// Frames of a host's debug build are several times as large as a board's.
std::span<std::byte> task_memory() {
    alignas(std::max_align_t) static std::byte memory[8'192];
    return memory;
}

errc join_wifi(std::string_view ssid, std::string_view wifi_pw) {
    lwip_test::the_wifi.asked.push_back(std::string(ssid) + "/" + std::string(wifi_pw));
    return lwip_test::the_wifi.answer;
}

bytes load(std::uint8_t record) {
    const auto found = lwip_test::the_flash.records.find(record);
    return found == lwip_test::the_flash.records.end() ? bytes() : bytes(found->second);
}

bool save(std::uint8_t record, std::span<const bytes> parts) {
    if (lwip_test::the_flash.writes_left-- <= 0) return false;
    auto& content = lwip_test::the_flash.records[record];
    content.clear();
    for (const bytes part : parts) content.insert(content.end(), part.begin(), part.end());
    return true;
}

void erase(std::uint8_t record) { lwip_test::the_flash.records.erase(record); }

}  // namespace port
}  // namespace mqtt_as
