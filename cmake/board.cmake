# A small machine without an operating system: MQTT_AS_BOARD_CPU is cortex-m0plus, cortex-m3, rv32imc (as in the ESP32-C3)
# or lx106 (the ESP8266). Debian has a C++ library for Arm alone; its headers serve the others for statements of size.
set(CMAKE_SYSTEM_NAME Generic)
set(MQTT_AS_BOARD_CPU cortex-m0plus CACHE STRING "What to compile for")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MQTT_AS_BOARD_CPU)
set(CMAKE_SYSTEM_PROCESSOR ${MQTT_AS_BOARD_CPU})

set(libstdcxx /usr/include/newlib/c++/12.2.1)
set(borrowed "-nostdinc++ -isystem ${libstdcxx} -isystem ${libstdcxx}/arm-none-eabi")
if(MQTT_AS_BOARD_CPU STREQUAL "rv32imc")
    set(prefix riscv64-unknown-elf)
    set(machine "-march=rv32imc -mabi=ilp32 ${borrowed} --specs=/usr/lib/picolibc/${prefix}/picolibc.specs")
elseif(MQTT_AS_BOARD_CPU STREQUAL "lx106")
    set(prefix xtensa-lx106-elf)
    set(machine "-mlongcalls -mtext-section-literals ${borrowed} --specs=/usr/lib/${prefix}/picolibc.specs")
else()
    set(prefix arm-none-eabi)
    set(machine "-mcpu=${MQTT_AS_BOARD_CPU} -mthumb")
    set(machine_of_c ${machine})
endif()

set(CMAKE_C_COMPILER ${prefix}-gcc)
set(CMAKE_CXX_COMPILER ${prefix}-g++)
set(CMAKE_AR ${prefix}-gcc-ar CACHE FILEPATH "")  # knows archives of code that is not compiled to the end
set(CMAKE_RANLIB ${prefix}-gcc-ranlib CACHE FILEPATH "")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "${machine_of_c} -ffunction-sections -fdata-sections")
set(CMAKE_CXX_FLAGS_INIT
    "${machine} -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections -fno-threadsafe-statics")
