// lwIP's options for a test on a host: as small as on a board, so that what runs out there runs out here. The build says
// whether lwIP has a thread (NO_SYS 0), and whether it has altcp_tls.
#pragma once

#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_DHCP 1
#define LWIP_DHCP_MAX_DNS_SERVERS 0
#define LWIP_DNS 1
#define DNS_MAX_RETRIES 2
#define DNS_LOCAL_HOSTLIST 1  // this machine's loopback has a name
#define DNS_LOCAL_HOSTLIST_INIT {DNS_LOCAL_HOSTLIST_ELEM("broker.test", IPADDR4_INIT_BYTES(10, 0, 2, 2))}
#define LWIP_ALTCP 1
#define LWIP_STATS 1
#define MEM_ALIGNMENT 8
#if LWIP_ALTCP_TLS
#define MEM_SIZE 50000  // Debian's mbedTLS has a source of entropy that takes 37,000
#define LWIP_ALTCP_TLS_MBEDTLS 1
#else
#define MEM_SIZE 6000
#endif
#define MEMP_NUM_TCP_PCB 4
#define PBUF_POOL_SIZE 16
#define PBUF_POOL_BUFSIZE 256
#define TCP_MSS 536
#define TCP_WND (4 * TCP_MSS)
#define TCP_SND_BUF (2 * TCP_MSS)
#define LWIP_CHECKSUM_ON_COPY 1

#if NO_SYS
#define SYS_LIGHTWEIGHT_PROT 0
#else
#define SYS_LIGHTWEIGHT_PROT 1
#define LWIP_TCPIP_CORE_LOCKING 1
#define TCPIP_THREAD_STACKSIZE 0  // the host decides
#define TCPIP_MBOX_SIZE 0
// Each function of the raw interface ends the program when it is called without the lock.
#define LWIP_MARK_TCPIP_THREAD() sys_mark_tcpip_thread()
#define LWIP_ASSERT_CORE_LOCKED() sys_check_core_locking()
#define LOCK_TCPIP_CORE() sys_lock_tcpip_core()
#define UNLOCK_TCPIP_CORE() sys_unlock_tcpip_core()
#ifdef __cplusplus
extern "C" {
#endif
void sys_mark_tcpip_thread(void);
void sys_check_core_locking(void);
void sys_lock_tcpip_core(void);
void sys_unlock_tcpip_core(void);
#ifdef __cplusplus
}
#endif
#endif
