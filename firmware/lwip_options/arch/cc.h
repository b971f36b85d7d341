// lwIP's idea of GCC for Arm without an operating system.
#pragma once

#include <stdint.h>

#define LWIP_NO_STDIO_H 1  // no formatted output: it would bring newlib's printf
#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H 1  // newlib's table of 257 bytes
#define X8_F "x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "u"
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_NOASSERT 1
#define LWIP_PLATFORM_ASSERT(x)

#ifdef __cplusplus
extern "C"
#endif
    uint32_t board_random(void);
#define LWIP_RAND() board_random()
