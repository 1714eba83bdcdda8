#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(text)            \
    {                          \
        text, sizeof(text) - 1 \
    }

#define MQTT_CONNECT   "\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00"
#define MQTT_SUBSCRIBE "\x82\x06\x00\x01\x00\x01t\x00"
#define MQTT_PUBLISH   "\x30\x83\x01\x00\x01t"

#define NATS_CONNECT "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n"

static const struct protocol protocols[] = {
    {
        /* what the servers of the bench speak, and fes and floor */
        .name = "raw",
        .greeting = BYTES("\1"),
    },
    {
        .name = "redis",
        .hello = BYTES("SUBSCRIBE t\r\n"),
        .greeting = BYTES("$1\r\nt\r\n:1\r\n"),
        .head = BYTES("*3\r\n$7\r\nmessage\r\n$1\r\nt\r\n$128\r\n"),
        .tail = BYTES("\r\n"),
        .publish_head = BYTES("*3\r\n$7\r\nPUBLISH\r\n$1\r\nt\r\n$128\r\n"),
        .publish_tail = BYTES("\r\n"),
    },
    {
        .name = "nats",
        .hello = BYTES(NATS_CONNECT "SUB t 1\r\nPING\r\n"),
        .greeting = BYTES("PONG\r\n"),
        .head = BYTES("MSG t 1 128\r\n"),
        .tail = BYTES("\r\n"),
        .noise = BYTES("PING\r\n"),
        .answer = BYTES("PONG\r\n"),
        .publisher_hello = BYTES(NATS_CONNECT),
        .publish_head = BYTES("PUB t 128\r\n"),
        .publish_tail = BYTES("\r\n"),
    },
    {
        .name = "mqtt",
        .hello = BYTES(MQTT_CONNECT MQTT_SUBSCRIBE),
        .greeting = BYTES("\x90\x03\x00\x01\x00"),
        .head = BYTES(MQTT_PUBLISH),
        .publisher_hello = BYTES(MQTT_CONNECT),
        .publish_head = BYTES(MQTT_PUBLISH),
    },
    {
        .name = "nchan",
        .hello = BYTES("GET /receive HTTP/1.1\r\nHost: bench\r\n\r\n"),
        .greeting = BYTES("\r\n\r\n"),
        .tail = BYTES("\n"),
        .publish_head = BYTES("POST /publish HTTP/1.1\r\nHost: bench\r\n"
                              "Content-Length: 128\r\n\r\n"),
    },
};

const struct protocol *protocol_find(const char *name)
{
    size_t number = sizeof protocols / sizeof *protocols;

    for (size_t i = 0; name != NULL && i < number; i++)
        if (strcmp(protocols[i].name, name) == 0)
            return &protocols[i];
    fprintf(stderr, "no protocol: %s\n", name != NULL ? name : "");
    exit(2);
}
