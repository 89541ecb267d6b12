#ifndef CNAMESPACE_H
#define CNAMESPACE_H

/// Moves the calling thread into the network namespace behind `fd`. Returns 0, or -1 with errno set.
int novella_enter_network_namespace(int fd);

/// Broadcasts one gratuitous ARP request for `address` (network byte order) from the interface `name` of the calling
/// thread's network namespace. Returns 0, or -1 with errno set.
int novella_announce_ipv4(const char *name, const unsigned char mac[6], const unsigned char address[4]);

#endif
