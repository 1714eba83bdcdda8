--- The modules of the core: folder by folder, in the order to read them in.
--
-- A file may include the headers of modules above it in this list, and no
-- other: the list is the architecture. core/README.md describes it.

return {
  { "base", "list", "clock", "times", "memory", "text", "stamp", "heap",
    "wheel", "table", "sites", "log" },

  { "net/io", "loop", "address", "socket", "inherit", "notify", "hangup",
    "resolve" },
  { "net/memory", "pool", "slab", "inbox", "queue", "stream", "cells", "key",
    "snapshot", "age" },
  { "net/protocol", "framing" },
  { "net/state", "overflow", "reason", "conn_name", "counters", "channel",
    "conn", "conn_ring", "event", "server_options", "engine", "server",
    "holders", "topic", "pending", "stall", "interest", "membership",
    "conn_end" },
  { "net/send", "outbox", "drain", "reframe", "enqueue", "batch", "fanout",
    "reclaim", "retain", "catchup", "closing" },
  { "net/receive", "buffered", "receive" },
  { "net/serve", "dial", "accept", "listener", "serve" },
  { "net/run", "deliver", "deadline", "flush", "turn" },
  { "net/command", "command", "server", "engine", "bound", "adopt", "outgoing",
    "publish", "topic", "policy" },

  { "script/vm", "config", "options", "trace", "watchdog", "allocator",
    "standard", "limits", "script", "call" },
  { "script/task", "task", "await", "tasks", "coroutine" },
  { "script/object", "objects", "type", "handlers", "framing_option",
    "overflow", "message", "figures", "lua_server", "handle", "received",
    "conn", "conn_control", "conn_send", "conn_receive", "server", "timer",
    "topic", "subscription", "listen", "connect", "pool", "log" },
  { "script/run", "stopping", "collector", "stats", "files", "load",
    "dispatch", "announce" },
  { "script/reload", "packed", "pack", "unpack", "defer", "handover",
    "reload" },
  { "script/boot", "fes", "boot", "program" },
  { "", "main" },
}
