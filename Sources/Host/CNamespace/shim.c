#define _GNU_SOURCE
#include "CNamespace.h"

#ifdef __linux__
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int novella_enter_network_namespace(int fd) { return setns(fd, CLONE_NEWNET); }

int novella_announce_ipv4(const char *name, const unsigned char mac[6], const unsigned char address[4]) {
    unsigned char frame[42] = {0};
    static const unsigned char fixed[] = {0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1};
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = 6};
    to.sll_ifindex = (int)if_nametoindex(name);
    if (to.sll_ifindex == 0) return -1;
    memset(frame, 0xff, 6);
    memcpy(frame + 6, mac, 6);
    memcpy(frame + 12, fixed, sizeof fixed);
    memcpy(frame + 22, mac, 6);
    memcpy(frame + 28, address, 4);
    memcpy(frame + 38, address, 4);
    memset(to.sll_addr, 0xff, 6);
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ARP));
    if (fd < 0) return -1;
    ssize_t sent = sendto(fd, frame, sizeof frame, 0, (struct sockaddr *)&to, sizeof to);
    int error = errno;
    close(fd);
    errno = error;
    return sent == (ssize_t)sizeof frame ? 0 : -1;
}
#else
#include <errno.h>

int novella_enter_network_namespace(int fd) {
    (void)fd;
    errno = ENOSYS;
    return -1;
}

int novella_announce_ipv4(const char *name, const unsigned char mac[6], const unsigned char address[4]) {
    (void)name;
    (void)mac;
    (void)address;
    errno = ENOSYS;
    return -1;
}
#endif
