#!/usr/bin/env bash
# dev/check.sh objects to a fault in a source that is read in a group with others, also to one that only the analyzer sees,
# and says what it could not read.
set -euo pipefail
cd "$1"
command -v clang-tidy-19 >/dev/null || exec dev/skip.sh "no clang-tidy-19: apt-get install clang-tidy-19"
tree=$(mktemp -d)
trap 'rm -r "$tree"' EXIT
mkdir "$tree"/{dev,src}
cp dev/check.sh dev/sources.sh "$tree/dev"
cp .clang-tidy "$tree"
cd "$tree"
cat >CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(tried LANGUAGES CXX)
add_library(tried OBJECT src/first.cpp src/second.cpp)
CMAKE
echo 'int first() { return 1; }' >src/first.cpp
echo 'int second() { return 2; }' >src/second.cpp
configure=(cmake -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_EXPORT_COMPILE_COMMANDS=ON)
"${configure[@]}" -B build/release >/dev/null
"${configure[@]}" -B build/tidy -DCMAKE_UNITY_BUILD=ON >/dev/null
dev/check.sh | grep -q 'nothing to say about 2 sources'

says_no() {
    if dev/check.sh >said 2>&1 || ! grep -q "$1" said; then cat said && exit 1; fi
}
echo 'int* second() { return 0; }' >src/second.cpp
says_no 'src/second.cpp:1:.*modernize-use-nullptr'
echo 'int second(int n) { const int zero = n == 7 ? 0 : 1; return n / zero; }' >src/second.cpp
says_no 'src/second.cpp:1:.*clang-analyzer-core.DivideZero'
echo 'int second() { return 2; }' >src/second.cpp
echo 'int third() { return 3; }' >src/third.cpp
export CI=true
says_no 'SKIPPED src/third.cpp'
sed -i 's/second.cpp/& src\/third.cpp/' CMakeLists.txt
"${configure[@]}" -B build/release >/dev/null  # now the analyzer has it, and the rules have not
says_no 'SKIPPED src/third.cpp'
