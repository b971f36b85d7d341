// lwIP's options for a test on a host: as small as on a board, so that what runs out there runs out here.
#pragma once

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_DHCP 1
#define LWIP_DHCP_MAX_DNS_SERVERS 0
#define LWIP_DNS 1
#define DNS_MAX_RETRIES 2
#define LWIP_ALTCP 1
#define LWIP_STATS 1
#define MEM_ALIGNMENT 8
#define MEM_SIZE 6000
#define MEMP_NUM_TCP_PCB 4
#define PBUF_POOL_SIZE 16
#define PBUF_POOL_BUFSIZE 256
#define TCP_MSS 536
#define TCP_WND (4 * TCP_MSS)
#define TCP_SND_BUF (2 * TCP_MSS)
#define LWIP_CHECKSUM_ON_COPY 1
