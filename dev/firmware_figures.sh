#!/usr/bin/env bash
# Prints what images said of themselves at their ends, `NAME figure value...` in each line of a file: the largest of each.
set -euo pipefail
[[ -s $1 ]] || exit 0
awk '{names[$1] = 1
      for (i = 2; i < NF; i += 2) {
          if (!(($1, $i) in most)) order[$1] = order[$1] " " $i
          if ($(i + 1) + 0 >= most[$1, $i] + 0) most[$1, $i] = $(i + 1)
      }}
     END {for (name in names) {
              printf "%-18s", name
              count = split(order[name], figures, " ")
              for (i = 1; i <= count; ++i) printf " %s %s,", figures[i], most[name, figures[i]]
              print " bytes"
          }}' "$1" | sort
