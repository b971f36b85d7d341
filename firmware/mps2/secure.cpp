// TLS of the images that have it: the CA, and chance for mbedTLS.
#include "firmware/mps2/secure.hpp"

#include "firmware/common/semihosting.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <lwip/altcp_tls.h>
#include <lwip/stats.h>
#include <mqtt_as/lwip/port.hpp>

namespace board {

void secure(mqtt_as::config& config) {
    static std::array<std::uint8_t, 1'024> ca;  // DER; on a board a literal
    const std::size_t size = read_file(argument("ca").data(), ca);
    mqtt_as::port::wait(mqtt_as::duration(0));  // lwIP has begun
    config.ssl = true;
    config.ssl_params = {.tls = altcp_tls_create_config_client(ca.data(), size),
                         .server_name = argument("server_name").data()};
}

std::uint32_t heap_used() { return lwip_stats.mem.max; }

}  // namespace board

extern "C" int mbedtls_hardware_poll(void*, unsigned char* to, std::size_t size, std::size_t* drawn) {
    for (std::size_t i = 0; i < size; i += sizeof(std::uint64_t)) {
        const std::uint64_t chance = mqtt_as::port::entropy();
        std::memcpy(to + i, &chance, std::min(sizeof chance, size - i));
    }
    *drawn = size;
    return 0;
}
