#include "net/io/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static struct address from_ipv4(const struct sockaddr_in *from)
{
    struct address address = {.family = AF_INET};

    memcpy(address.bytes, &from->sin_addr, 4);
    address.port = ntohs(from->sin_port);
    return address;
}

static struct address from_ipv6(const struct sockaddr_in6 *from)
{
    struct address address = {.family = AF_INET6};
    const uint8_t *bytes = from->sin6_addr.s6_addr;

    if (IN6_IS_ADDR_V4MAPPED(&from->sin6_addr)) {
        address.family = AF_INET;
        memcpy(address.bytes, bytes + 12, 4);
    } else {
        memcpy(address.bytes, bytes, 16);
    }
    address.port = ntohs(from->sin6_port);
    return address;
}

struct address address_from(const struct sockaddr *from)
{
    if (from->sa_family == AF_INET)
        return from_ipv4((const struct sockaddr_in *)(const void *)from);
    if (from->sa_family == AF_INET6)
        return from_ipv6((const struct sockaddr_in6 *)(const void *)from);
    return (struct address){.family = AF_UNIX};
}

void address_format(const struct address *address, char *out)
{
    char host[INET6_ADDRSTRLEN];

    if (address->family == AF_UNIX || address->family == AF_UNSPEC) {
        strcpy(out, address->family == AF_UNIX ? "unix" : "?");
        return;
    }
    inet_ntop(address->family, address->bytes, host, sizeof host);
    snprintf(out, ADDRESS_TEXT_BYTES,
             address->family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
             (unsigned)address->port);
}

uint64_t address_site(const struct address *address)
{
    /* no unicast IPv6 address begins with these bytes (RFC 4291, 2.4) */
    unsigned char bytes[8] = {0xff, 0xff, 0xff, 0xff};
    uint64_t site;

    if (address->family == AF_INET6)
        memcpy(bytes, address->bytes, sizeof bytes);
    else
        memcpy(bytes + 4, address->bytes, 4);
    memcpy(&site, bytes, sizeof site);
    return site != 0 ? site : 1; /* ::/64, which holds ::1 */
}

bool address_is_bad_literal(const char *host)
{
    struct in_addr ignored;

    return *host != '\0' && strspn(host, "0123456789.") == strlen(host) &&
           inet_pton(AF_INET, host, &ignored) != 1;
}

/* [::]: every IPv6 address, and every IPv4 address (socket_listen). */
static const char *set_wildcard(uint16_t port, struct sockaddr_storage *to,
                                socklen_t *length)
{
    struct sockaddr_in6 any = {
        .sin6_family = AF_INET6,
        .sin6_port = htons(port),
    };

    memcpy(to, &any, sizeof any);
    *length = sizeof any;
    return NULL;
}

/*
 * The first address that getaddrinfo(3) finds. With AI_NUMERICHOST in `flags`
 * it only parses `host` and asks no resolver. 0, or an EAI_ error.
 */
static int get_first_address(const char *host, uint16_t port, int flags,
                             struct sockaddr_storage *to, socklen_t *length)
{
    struct addrinfo hints = {
        .ai_flags = flags | AI_NUMERICSERV,
        .ai_socktype = SOCK_STREAM,
    };
    struct addrinfo *found;
    char service[8];
    int error;

    snprintf(service, sizeof service, "%u", (unsigned)port);
    error = getaddrinfo(host, service, &hints, &found);
    if (error != 0)
        return error;
    memcpy(to, found->ai_addr, found->ai_addrlen);
    *length = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

const char *address_resolve(const char *host, uint16_t port,
                            struct sockaddr_storage *to, socklen_t *length)
{
    int error;

    if (strcmp(host, "*") == 0)
        return set_wildcard(port, to, length);
    if (address_is_bad_literal(host))
        return "not an address";
    error = get_first_address(host, port, AI_PASSIVE, to, length);
    return error != 0 ? gai_strerror(error) : NULL;
}

bool address_literal(const char *host, uint16_t port, struct place *place)
{
    return get_first_address(host, port, AI_NUMERICHOST, &place->address,
                             &place->length) == 0;
}

bool address_unix(const char *path, struct place *place)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof at.sun_path)
        return false;
    strcpy(at.sun_path, path);
    memcpy(&place->address, &at, sizeof at);
    place->length = sizeof at;
    return true;
}
