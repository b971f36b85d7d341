// Holds figures against the gates.
#pragma once

#include "bench/figures.hpp"

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace bench {

struct gate {
    std::string subject;
    std::string quantity;
    double at_most = 0;
};
using gates = std::vector<gate>;

/// Lines of subject, quantity and gate, between tabs; a gate may be a ratio: `100/25`. Throws std::runtime_error with
/// the line that it does not understand.
gates read_gates(std::istream&);

struct verdict {
    gate held;
    std::optional<double> worst;  // of all whose figure it is; none: was not measured
    bool is_met = false;
};

/// On each gate of which a run to this extent has to have a figure: what was not measured is missed. Instructions and
/// system calls may be 3 % above; allocations one in a thousand messages, which is start-up.
std::vector<verdict> judge(const figures&, const gates&, extent);

/// Prints them and `N gates met, N missed`. The exit status: 0 when all are met, else 1.
int pronounce(std::ostream&, const std::vector<verdict>&);

}  // namespace bench
