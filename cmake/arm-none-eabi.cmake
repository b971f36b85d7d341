# Debian's cross compiler for the smallest Cortex-M: bare metal, newlib, no operating system.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR cortex-m0plus)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-m0plus -mthumb -ffunction-sections -fdata-sections")
set(CMAKE_CXX_FLAGS_INIT
    "-mcpu=cortex-m0plus -mthumb -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections -fno-threadsafe-statics")
