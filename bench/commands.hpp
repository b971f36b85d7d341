// The commands that the measuring functions share.
#pragma once

#include "bench/process.hpp"
#include "bench/roles.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// `role` is one of this program's; `more` are its arguments behind the load.
inline std::string command_of(std::string_view role, const load& l, const std::string& more = {}) {
    return '\'' + own_path() + "' " + std::string(role) + ' ' + arguments_of(l) + ' ' + more;
}

inline double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// A multiple of the window that is near `count`, and at least one window.
inline std::uint32_t whole_windows(std::uint32_t count, std::uint32_t window) {
    return window == 0 ? count : std::max(count / window, 1u) * window;
}

}  // namespace bench
