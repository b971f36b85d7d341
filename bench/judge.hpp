// Holds measurements against the gates: a table, a verdict, an exit status.
#pragma once

#include "bench/rows.hpp"

#include <iosfwd>
#include <map>
#include <span>
#include <string>

namespace bench {

struct gate {
    double instructions = 0;  // per message; met up to 3 % above
    double allocations = 0;   // per message; met up to one in a thousand messages above, which is start-up
};
using gates = std::map<std::string, gate>;

/// Throws std::runtime_error with the line that it does not understand.
gates read_gates(std::istream&);

/// Prints the table and `N gates met, N missed`. A row without a gate is a missed one. 0 when all are met, else 1.
int judge(std::ostream&, std::span<const measurement>, const gates&);

/// The same figures for programs.
void write_json(std::ostream&, std::span<const measurement>, const gates&);

}  // namespace bench
