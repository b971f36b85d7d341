// lwIP's options for a small board: IPv4 with DHCP and DNS, TCP, no threads, fixed memory. The build says whether it
// has TLS, which takes its memory from lwIP's.
#pragma once

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0  // lwIP is called by the main loop only
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_ICMP 0
#define LWIP_RAW 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define LWIP_DHCP 1
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define DHCP_DOES_ARP_CHECK 0
#define LWIP_DHCP_MAX_DNS_SERVERS 0  // set by the program: QEMU's own would ask the host's resolver
#define LWIP_DNS 1
#define DNS_TABLE_SIZE 1
#define DNS_MAX_NAME_LENGTH 64
#define DNS_MAX_RETRIES 2
#define LWIP_TCP 1
#if LWIP_ALTCP_TLS
#define LWIP_ALTCP 1
#define LWIP_ALTCP_TLS_MBEDTLS 1
#define LWIP_STATS 1  // of the heap: what does TLS take?
#define MEM_SIZE 20000
#define TCP_WND (8 * TCP_MSS)  // a record that is larger never arrives
#define PBUF_POOL_SIZE 12
#else
#define LWIP_ALTCP 0
#define LWIP_STATS 0
#define MEM_SIZE 2600
#define TCP_WND (2 * TCP_MSS)
#define PBUF_POOL_SIZE 5
#endif
#define LWIP_NETIF_HOSTNAME 0
#define LWIP_NETIF_LINK_CALLBACK 0
#define ARP_TABLE_SIZE 4
#define ARP_QUEUEING 0

#define MEM_ALIGNMENT 4
#define MEMP_NUM_TCP_PCB 2
#define MEMP_NUM_TCP_PCB_LISTEN 1
#define MEMP_NUM_TCP_SEG 8
#define MEMP_NUM_UDP_PCB 2
#define MEMP_NUM_PBUF 4
#define MEMP_NUM_ARP_QUEUE 2
#define PBUF_POOL_BUFSIZE 592
#define TCP_MSS 536
#define TCP_SND_BUF (2 * TCP_MSS)
#define TCP_SND_QUEUELEN 8
#define TCP_QUEUE_OOSEQ 0
#define LWIP_TCP_SACK_OUT 0
#define TCP_LISTEN_BACKLOG 0
