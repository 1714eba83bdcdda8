/*
 * address.h - who is at the other end: IPv4, IPv6, or a Unix socket
 */
#ifndef FES_IO_ADDRESS_H
#define FES_IO_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT_BYTES = 64 }; /* enough for any, with its zero */

/* An address as small as it can be; an IPv4 one mapped into IPv6 is IPv4. */
struct address {
    uint8_t bytes[16]; /* IPv4: the first four */
    uint16_t port;     /* in host order */
    uint8_t family;    /* AF_INET, AF_INET6 or AF_UNIX; 0: not known so far */
};

/* What can be connected to. */
struct place {
    struct sockaddr_storage address;
    socklen_t length;
};

/* Take over what accept(2) or getsockname(2) gave. */
struct address address_from(const struct sockaddr *from);

/*
 * "127.0.0.1:4242", "[::1]:4242", "unix" or "?" into `out`, which has room for
 * ADDRESS_TEXT_BYTES.
 */
void address_format(const struct address *address, char *out);

/*
 * Whom a limit for one address counts together: the IPv4 address, or the /64
 * of the IPv6 one (https://www.rfc-editor.org/rfc/rfc6177: what one site
 * gets). Never 0.
 */
uint64_t address_site(const struct address *address);

/*
 * Find what to bind for `host` and `port`: an address literal, a name (its
 * first address; asks the resolver, and waits for it), or "*" for every IPv6
 * and IPv4 address. NULL, or why it cannot be: text that stays good until the
 * next call.
 */
const char *address_resolve(const char *host, uint16_t port,
                            struct sockaddr_storage *to, socklen_t *length);

/* The place that an address literal names. False: `host` is none. */
bool address_literal(const char *host, uint16_t port, struct place *place);

/* The place of a Unix socket. False: the path is too long. */
bool address_unix(const char *path, struct place *place);

/* Digits and dots, so meant as an IPv4 address, but none? */
bool address_is_bad_literal(const char *host);

#endif
