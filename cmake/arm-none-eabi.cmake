# Debian's cross compiler for Cortex-M, the smallest when nothing else is said: bare metal, newlib, no operating system.
include(${CMAKE_CURRENT_LIST_DIR}/board.cmake)
