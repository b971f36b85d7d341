// The strength of a wireless signal, as the kernel tells everybody: whoever joined the network.
#pragma once

#include <optional>
#include <string_view>

namespace mqtt_as::cli {

/// The signal of this interface [dBm]; nothing when it is not a wireless one, or the kernel does not say.
std::optional<int> signal_of(std::string_view interface);

/// The same, in the text of /proc/net/wireless.
std::optional<int> signal_in(std::string_view table, std::string_view interface);

}  // namespace mqtt_as::cli
