---@meta fes
-- api.lua - the module `fes`, annotated for the Lua language server
--
-- Editors read this file to complete names and to check types; it is never run.
-- Topics, pools and bockets are in api/values.lua. To use it, add the directory
-- `lua` to `workspace.library`.
--
-- luacheck: ignore 212 241

---@alias fes.Reason
---| "eof"      # the peer closed
---| "reset"    # the peer or the network broke the connection
---| "local"    # the script closed
---| "overflow" # the client was too slow
---| "idle"     # no byte for idle_timeout, or a message stayed incomplete
---| "setup"    # fes.connect took longer than setup_timeout
---| "toolong"  # a message longer than maxmessage
---| "protocol" # not used yet
---| "script"   # an error in a handler
---| "shutdown" # fes or the server stops
---| "perip"    # more than maxperip from its address
---| "error"    # an error of the system, whose text is `detail`

---@alias fes.Overflow
---| "close"  # close a connection that is full
---| "drop"   # withhold messages until at most half its queue is used
---| "latest" # withhold them, then send the newest of each key

--------------------------------------------------------------------- fes.listen

---How messages lie in the stream of bytes.
---@alias fes.Framing
---| "raw"   # chunks of the stream, as they come
---| "line"  # lines; messages are without the line end
---| { fixed: integer }
---| { length: 1|2|4|8, endian?: "big"|"little" }

---Sizes are bytes, durations are seconds. Either `port` or `path` is required.
---@class fes.ListenOptions
---@field host? string address, name, or "*" (default "127.0.0.1")
---@field port? integer 0..65535; 0: a free one
---@field path? string a Unix socket instead of host and port
---@field mode? string of the Unix socket, octal (default "0600")
---@field backlog? integer connections not yet accepted (default 1024)
---@field maxaccepts? integer connections in set-up at once (default 256)
---@field maxconnections? integer at once (default: what descriptors allow)
---@field maxperip? integer connections from one IPv4 address or IPv6 /64
---@field maxsends? integer unsent bytes, in bockets (default 16)
---@field maxreceives? integer bockets received, not handed over (default 16)
---@field maxmessage? integer longest message (default maxreceives * size - 16)
---@field size? integer bytes in a bocket (default 4096)
---@field bockets? integer in the server's slab (default 16384)
---@field header? string sent to each client first
---@field sndbuf? integer SO_SNDBUF, 0: the system's (default 65536)
---@field rcvbuf? integer SO_RCVBUF, 0: the system's (default 65536)
---@field nodelay? boolean TCP_NODELAY (default true)
---@field keepalive? number seconds before TCP probes, 0: never (default 60)
---@field framing? fes.Framing in both directions (default "raw")
---@field message_timeout? number seconds to complete a message (default 30)
---@field idle_timeout? number seconds without a byte in either direction
---@field setup_timeout? number seconds; no effect on accepted connections
---@field overflow? fes.Overflow policy for full connections (default "close")
---@field maxqueue? integer full also with so many bytes unsent
---@field maxage? number full also when an unsent byte is so many seconds old
---@field coalesce? number seconds to hold messages back (default 0)
---@field maxtopics? integer subscriptions of one connection (default 1024)
---@field on_connect? fun(conn: fes.Conn) set-up is done
---@field on_receive? fun(conn: fes.Conn, data: string) a message was received
---@field on_drain? fun(conn: fes.Conn) the refused message would fit now
---@field on_stall? fun(conn: fes.Conn, queued: integer, topic?: fes.Topic)
---@field on_lag? fun(conn: fes.Conn, missed: integer, topic?: fes.Topic)
---@field on_close? fun(conn: fes.Conn, reason: fes.Reason, detail?: string)
---@field on_error? fun(conn: fes.Conn, message: string): boolean?
---@field handler? fun(conn: fes.Conn) a task for each connection

-------------------------------------------------------------------- fes.connect

---Options without a comment: as in fes.ListenOptions.
---@class fes.ConnectOptions
---@field host? string address or name (default "127.0.0.1")
---@field port? integer 1..65535
---@field path? string a Unix socket instead of host and port
---@field setup_timeout? number seconds to resolve and connect (default 10)
---@field maxsends? integer
---@field maxreceives? integer
---@field maxmessage? integer
---@field sndbuf? integer
---@field rcvbuf? integer
---@field nodelay? boolean
---@field keepalive? number
---@field framing? fes.Framing
---@field message_timeout? number
---@field idle_timeout? number
---@field overflow? fes.Overflow
---@field maxqueue? integer
---@field maxage? number
---@field coalesce? number
---@field maxtopics? integer
---@field on_connect? fun(conn: fes.Conn) it is established
---@field on_receive? fun(conn: fes.Conn, data: string)
---@field on_drain? fun(conn: fes.Conn)
---@field on_stall? fun(conn: fes.Conn, queued: integer, topic?: fes.Topic)
---@field on_lag? fun(conn: fes.Conn, missed: integer, topic?: fes.Topic)
---@field on_close? fun(conn: fes.Conn, reason: fes.Reason, detail?: string)
---@field on_error? fun(conn: fes.Conn, message: string): boolean?
---@field handler? fun(conn: fes.Conn) in a task, once it is established

------------------------------------------------------------------------- server

---@class fes.Server
---@field host? string as given; nil with a path
---@field port? integer where it listens; nil with a path
---@field path? string of the Unix socket
local Server = {}

---Queue data for every open connection, without `except`.
---@param data string
---@param except? fes.Conn
---@return integer? receivers their number
---@return "full"|"closed"? code why none gets it
function Server:broadcast(data, except) end

---@return integer connections open now
function Server:count() end

---Iterate over the open connections; they may open and close meanwhile.
---@return fun(): fes.Conn?
function Server:connections() end

---Stop accepting.
function Server:pause() end

---Resume accepting.
function Server:resume() end

---@return fes.ServerStats
function Server:stats() end

---Change the policy for full connections; nil: the one given to fes.listen.
---@param policy? fes.Overflow
function Server:set_overflow(policy) end

---Send what `coalesce` holds back at the end of this turn.
function Server:flush() end

---Stop listening, and close the connections gracefully ("shutdown").
---@param linger? number seconds to wait for the peers (default 2)
function Server:close(linger) end

---@class fes.ServerStats
---@field connections integer open now
---@field accepted integer so far
---@field closed table<fes.Reason, integer>
---@field bytes_in integer
---@field bytes_out integer taken by the kernel
---@field messages_in integer handed to the script
---@field messages_out integer queued, counted once for each receiver
---@field queued integer bytes not yet taken by the kernel
---@field bockets integer in the slab
---@field bockets_free integer
---@field bockets_least integer the fewest that were ever free
---@field missed integer messages withheld
---@field missed_by table<fes.Overflow, integer>
---@field refused integer broadcasts and publishes that found no bocket
---@field accepts_paused integer how often accepting had to stop
---@field memory integer bytes that the slab can take, with its lists

--------------------------------------------------------------------- connection

---What to wait for; only under raw framing.
---@alias fes.Wanted
---| integer # so many bytes
---| "line"  # a line, without its line end
---| "all"   # everything up to the end of the peer's stream

---@class fes.ReceiveOptions
---@field timeout? number seconds

---Fields that are not listed here belong to the script.
---@class fes.Conn
---@field id integer unique in the process, never reused
---@field peer? string "127.0.0.1:50123", "[::1]:50123" or "unix"
---@field server? fes.Server nil for a connection of fes.connect
---@field resumed boolean older than the script: kept over a reload
---@field [string] any
local Conn = {}

---Queue data, all of it or nothing. In a task: wait while the queue is full.
---@param data string
---@return true? ok
---@return "full"|"closed"? code why nothing was queued
function Conn:send(data) end

---Wait for data. Only in a task, and where the server has a `handler` or
---fes.connect waited.
---@param what? fes.Wanted nil: what has come, or one message
---@param options? fes.ReceiveOptions
---@return string? data
---@return "timeout"|fes.Reason? why
function Conn:receive(what, options) end

---Send what is queued, end the stream, wait for the peer to close.
---@param linger? number seconds at most (default 2); 0: discard and reset
---@return true? ok
---@return "closed"? code
function Conn:close(linger) end

---Stop reading: on_receive is not called.
---@return true? ok
---@return "closed"? code
function Conn:pause() end

---Resume reading.
---@return true? ok
---@return "closed"? code
function Conn:resume() end

---@return fes.ConnStats stats of a closed connection: as they were at its end
function Conn:stats() end

---@param topic fes.Topic
---@return true? done also if it was subscribed already
---@return "full"|"closed"? code
function Conn:subscribe(topic) end

---@param topic fes.Topic
---@return true? done
---@return "closed"? code
function Conn:unsubscribe(topic) end

---@return fun(): fes.Topic?
function Conn:topics() end

---Set a policy of its own; nil removes it. "close" ends a stalled one at once.
---@param policy? fes.Overflow
---@return true? done
---@return "closed"? code
function Conn:set_overflow(policy) end

---Send what is queued now.
---@return true? done
---@return "closed"? code
function Conn:flush() end

---@class fes.ConnStats
---@field bytes_in integer
---@field bytes_out integer taken by the kernel
---@field messages_in integer
---@field messages_out integer
---@field queued integer bytes not yet taken by the kernel
---@field bockets integer that it holds
---@field age number seconds, of the oldest unsent byte; 0: none
---@field missed integer messages withheld from it

-------------------------------------------------------------------------- timer

---@class fes.Timer
---@field skipped integer periods skipped because a turn was late
local Timer = {}

---The timer does not fire again. No effect on a stopped one.
function Timer:stop() end

---------------------------------------------------------------------------- log

---Each has the arguments of string.format and writes a line to stderr.
---@class fes.Log
---@field debug fun(format: string, ...: any)
---@field info fun(format: string, ...: any)
---@field warn fun(format: string, ...: any)
---@field error fun(format: string, ...: any)

------------------------------------------------------------------------- limits

---Options that are not given keep their value.
---@class fes.Limits
---@field call_seconds? number of one call; 0: no limit (default 1)
---@field memory? integer bytes of the Lua state (default: no limit)
---@field retained? integer bytes of messages of topics (default 16 MiB)
---@field outgoing? integer bockets of outgoing connections (default 1024)

-------------------------------------------------------------------------- stats

---Repeated durations, in seconds.
---@class fes.Times
---@field count integer
---@field last number
---@field longest number
---@field total number

---All fields of fes.ServerStats, summed over all servers, closed ones included;
---but `memory` is that of the Lua state.
---@class fes.Stats
---@field uptime number seconds
---@field turns fes.Times turns of the loop, without waiting
---@field handlers fes.Times of each turn: receiving, handlers and timers
---@field collector fes.Times slices of garbage collection
---@field connections integer
---@field accepted integer
---@field accepts_paused integer
---@field bytes_in integer
---@field bytes_out integer
---@field messages_in integer
---@field messages_out integer
---@field queued integer
---@field missed integer
---@field missed_by table<fes.Overflow, integer>
---@field refused integer
---@field closed table<fes.Reason, integer>
---@field bockets integer
---@field bockets_free integer
---@field bockets_least integer the minima of all slabs, added
---@field memory integer bytes of the Lua state
---@field errors integer in handlers, timers and tasks, and failed reloads
---@field reloads integer that succeeded
---@field tasks integer that have not ended
---@field timers integer that have not ended

------------------------------------------------------------------------- module

---@class fes
---@field log fes.Log
---@field version string
local fes = {}

---Open a server. Raises, with the system's reason, if it cannot listen.
---@param options fes.ListenOptions
---@return fes.Server
function fes.listen(options) end

---Connect. In a task and without on_connect: wait until it is established.
---@param options fes.ConnectOptions
---@return fes.Conn?
---@return fes.Reason|"full"? why
---@return string? detail
function fes.connect(options) end

---Call fn at start + n * seconds; 0: once in each turn of the loop.
---@param seconds number
---@param fn fun()
---@return fes.Timer
function fes.every(seconds, fn) end

---Call fn once.
---@param seconds number
---@param fn fun()
---@return fes.Timer
function fes.after(seconds, fn) end

---Run a function, or continue a suspended coroutine, in a task.
---@param fn function|thread
---@param ... any its arguments
---@return thread coroutine of the task
function fes.spawn(fn, ...) end

---Wait. Only in a task.
---@param seconds number 0: until the next turn of the loop
function fes.sleep(seconds) end

---@return number seconds of the monotonic clock, read at the call
function fes.now() end

---Make a pool of bockets.
---@param number integer of bockets
---@param size integer bytes in each
---@return fes.Pool
function fes.pool(number, size) end

---Reload the script at the end of this turn, as SIGHUP does.
function fes.reload() end

---Set the function whose result, plain data, is passed to the next script.
---@param fn? fun(): any called before a reload; nil: none
function fes.on_reload(fn) end

---@return any state result of the old script's function; nil at the first start
function fes.state() end

---@return fes.Stats stats of the whole program
function fes.stats() end

---Change the limits of the script.
---@param limits fes.Limits
function fes.limits(limits) end

---Stop gracefully, as SIGTERM does.
---@param seconds? number over which the closes are spread (default 0)
function fes.stop(seconds) end

---Call a function first when fes stops, by fes.stop or by a signal.
---@param fn fun()
function fes.on_stop(fn) end

---Return the topic of that name; make it if there is none.
---@param name string 1 to 255 bytes
---@param options? fes.TopicOptions
---@return fes.Topic
function fes.topic(name, options) end

return fes
