// A load on a command line: eight numbers.
#include "bench/roles.hpp"

#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace bench {

std::string arguments_of(const load& l) {
    std::ostringstream out;
    out << static_cast<int>(l.what.way) << ' ' << int{l.what.qos} << ' ' << l.what.payload_size << ' ' << l.what.window
        << ' ' << static_cast<int>(l.in) << ' ' << l.port << ' ' << l.warm_up << ' ' << l.count;
    return out.str();
}

load load_of(std::span<char* const> arguments) {
    if (arguments.size() != load_arguments)
        throw std::runtime_error("a load is: direction qos size window version port warm-up count");
    const auto number = [&](std::size_t i) {
        return static_cast<std::uint32_t>(std::strtoul(arguments[i], nullptr, 10));
    };
    return {.what = {.way = static_cast<direction>(number(0)),
                     .qos = static_cast<std::uint8_t>(number(1)),
                     .payload_size = number(2),
                     .window = number(3)},
            .in = static_cast<version>(number(4)),
            .port = static_cast<std::uint16_t>(number(5)),
            .warm_up = number(6),
            .count = number(7)};
}

}  // namespace bench
