// lwIP's idea of a compiler and a host.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#define LWIP_PLATFORM_ASSERT(text) (fprintf(stderr, "lwIP: %s (%s:%d)\n", text, __FILE__, __LINE__), abort())
#define LWIP_RAND() ((unsigned)rand())

typedef unsigned sys_prot_t;
