/*
 * core_address.c - net/io/address, for specs
 */
#include "net/io/address.h"

#include "core.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* The argument, an IPv4 or IPv6 literal, as an address with port 4242. */
static struct address check_address(lua_State *L, int arg)
{
    const char *text = luaL_checkstring(L, arg);
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};

    ipv4.sin_port = ipv6.sin6_port = htons(4242);
    if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
        return address_from((struct sockaddr *)&ipv4);
    if (inet_pton(AF_INET6, text, &ipv6.sin6_addr) != 1)
        luaL_argerror(L, arg, "no address");
    return address_from((struct sockaddr *)&ipv6);
}

/* core.address_format(literal) -> text, with port 4242 */
static int l_format(lua_State *L)
{
    struct address address = check_address(L, 1);
    char text[ADDRESS_TEXT_BYTES];

    address_format(&address, text);
    lua_pushstring(L, text);
    return 1;
}

/* core.address_site(literal) -> integer, equal for addresses counted as one */
static int l_site(lua_State *L)
{
    struct address address = check_address(L, 1);

    lua_pushinteger(L, (lua_Integer)address_site(&address));
    return 1;
}

void core_open_address(lua_State *L)
{
    lua_pushcfunction(L, l_format);
    lua_setfield(L, -2, "address_format");
    lua_pushcfunction(L, l_site);
    lua_setfield(L, -2, "address_site");
}
