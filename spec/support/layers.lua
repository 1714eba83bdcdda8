--- The modules of the core: folder by folder, in the order to read them in.
--
-- A file may include the headers of modules above it in this list, and no
-- other: the list is the architecture. core/README.md describes it.

return {
  { "base", "list", "clock", "times", "memory", "text", "stamp", "log", "heap",
    "wheel", "sites", "table" },

  { "net/io", "loop", "address", "socket", "inherit", "notify", "hangup",
    "resolve" },
  { "net/memory", "pool", "slab", "inbox", "queue", "stream", "cells",
    "snapshot", "age" },
  { "net/protocol", "framing" },
  { "net/state", "overflow", "reason", "channel", "conn", "event", "engine",
    "server", "topic", "pending", "stall", "conn_end" },
  { "net/send", "drain", "reframe", "enqueue", "batch", "fanout", "reclaim",
    "retain", "catchup", "closing" },
  { "net/receive", "buffered", "receive" },
  { "net/serve", "dial", "accept", "listener", "serve" },
  { "net/run", "deliver", "turn" },
  { "net/command", "adopt", "outgoing", "command", "publish", "policy" },

  { "script/vm", "config", "options", "trace", "watchdog", "allocator",
    "standard", "limits", "state" },
  { "script/task", "task", "await", "tasks", "coroutine" },
  { "script/object", "framing_option", "overflow", "type", "server", "servers",
    "timer", "conn", "handle", "conn_control", "received", "conn_receive",
    "topic", "subscription", "listen", "connect", "pool", "log" },
  { "script/run", "stopping", "collector", "stats", "files", "load",
    "dispatch", "announce" },
  { "script/reload", "packed", "pack", "unpack", "defer", "reload" },
  { "script/boot", "fes", "program" },
  { "", "main" },
}
