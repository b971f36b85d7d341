#!/usr/bin/env bash
# Lists the C++ sources of the tree: what is formatted and what the rules of the tree apply to.
cd "$(dirname "$0")/.." || exit 1
for folder in include src tools examples tests bench dev firmware; do
    [[ ! -d $folder ]] || find "$folder" -name '*.[ch]pp'
done | sort
