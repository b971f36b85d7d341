// Prints what was found: for people, and for programs.
#pragma once

#include "bench/figures.hpp"
#include "bench/judge.hpp"

#include <iosfwd>
#include <vector>

namespace bench {

/// The rows as a table, then all other figures, one a line.
void print_figures(std::ostream&, const figures&);

/// Machine, figures and verdicts.
void write_json(std::ostream&, const figures&, const std::vector<verdict>&);

}  // namespace bench
