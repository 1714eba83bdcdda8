/*
 * address.h - IPv4, IPv6 and Unix addresses: format, limit by site, resolve
 */
#ifndef FES_IO_ADDRESS_H
#define FES_IO_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT_BYTES = 64 }; /* enough for any address and its zero */

/*
 * A compact address: 20 bytes, where a sockaddr_storage has 128. An IPv4
 * address mapped to IPv6 (::ffff:192.0.2.7) is stored as IPv4. A Unix address
 * has no path.
 */
struct address {
    uint8_t bytes[16]; /* in network order; IPv4: the first four */
    uint16_t port;     /* in host order */
    uint8_t family; /* AF_INET, AF_INET6, AF_UNIX; AF_UNSPEC: not known yet */
};

/* An address to connect to, in the form that connect(2) takes. */
struct place {
    struct sockaddr_storage address;
    socklen_t length;
};

/*
 * Convert what accept(2) or getsockname(2) gave. Every family other than
 * AF_INET and AF_INET6 becomes AF_UNIX.
 */
struct address address_from(const struct sockaddr *from);

/*
 * Write "127.0.0.1:4242", "[::1]:4242", "unix" or, for AF_UNSPEC, "?" and a
 * zero to `out`, which has ADDRESS_TEXT_BYTES.
 */
void address_format(const struct address *address, char *out);

/*
 * The key under which a limit for one address counts connections: the IPv4
 * address, or the first 64 bits of the IPv6 address, because one site usually
 * gets at least a /64 (https://www.rfc-editor.org/rfc/rfc6177). All Unix
 * addresses have the same key. Never 0.
 */
uint64_t address_site(const struct address *address);

/*
 * Find the address to bind for `host` and `port`. `host` is an address literal,
 * "*" for every IPv6 and IPv4 address, or a name. For a name the call blocks
 * until the system's resolver answers, and takes the first address. Gives NULL,
 * with `*to` and `*length` set, or an error text, which is static.
 */
const char *address_resolve(const char *host, uint16_t port,
                            struct sockaddr_storage *to, socklen_t *length);

/* Convert an address literal. False: `host` is no address literal. */
bool address_literal(const char *host, uint16_t port, struct place *place);

/* Convert the path of a Unix socket. False: the path is over 107 bytes. */
bool address_unix(const char *path, struct place *place);

/*
 * Does `host` consist of digits and dots without being an IPv4 address in
 * dotted-decimal notation? Then it is an error rather than a name to resolve.
 */
bool address_is_bad_literal(const char *host);

#endif
