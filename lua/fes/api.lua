---@meta fes
-- api.lua - the module `fes`, described for the Lua language server
--
-- Nothing runs here: editors read it to complete names and to check types. What
-- scripts hold besides servers and conns is in api/values.lua.
-- Add the directory above it to `workspace.library`.
--
-- luacheck: ignore 212 241

---@alias fes.Reason
---| "eof"      # the peer closed
---| "reset"    # the peer, or what lies between, cut it off
---| "local"    # the script closed
---| "overflow" # too slow
---| "idle"     # nothing came or went for idle_timeout
---| "setup"    # set-up took too long
---| "toolong"  # a message longer than allowed
---| "protocol" # the peer broke the rules of the protocol
---| "script"   # an error in a handler
---| "shutdown" # fes, or its server, stops
---| "perip"    # one more than maxperip from its address
---| "error"    # what the system says, in `detail`

---@alias fes.Overflow
---| "close"  # a connection that is full is closed
---| "drop"   # messages are withheld until half its queue is free
---| "latest" # then it gets the newest of each key
---| fun(conn: fes.Conn, queued: integer): "close"|"drop"|"latest"

--------------------------------------------------------------------- fes.listen

---Sizes are bytes, durations are seconds. Either `port` or `path` is required.
---@alias fes.Framing
---| "raw"   # chunks, as they come
---| "line"  # without its line end
---| { fixed: integer }
---| { length: 1|2|4|8, endian?: "big"|"little" }

---@class fes.ListenOptions
---@field host? string address, name, or "*" (default "127.0.0.1")
---@field port? integer 0..65535; 0 takes a free one
---@field path? string a Unix socket instead of host and port
---@field mode? string of the Unix socket, octal (default "0600")
---@field backlog? integer the kernel's queue (default 1024)
---@field maxaccepts? integer connections in set-up at once (default 256)
---@field maxconnections? integer at once (default: what descriptors allow)
---@field maxperip? integer from one IPv4 address or IPv6 /64
---@field maxsends? integer bockets full that may wait (default 16)
---@field maxreceives? integer bockets received, not handed over (default 16)
---@field maxmessage? integer bytes (default maxreceives * size - 16)
---@field size? integer bytes in a bocket (default 4096)
---@field bockets? integer in the server's slab (default 16384)
---@field header? string sent to each client first
---@field sndbuf? integer SO_SNDBUF, 0: the system's (default 65536)
---@field rcvbuf? integer SO_RCVBUF, 0: the system's (default 65536)
---@field nodelay? boolean TCP_NODELAY (default true)
---@field keepalive? number seconds before TCP probes, 0: never (default 60)
---@field framing? fes.Framing of messages, both ways (default "raw")
---@field message_timeout? number seconds for the rest of one (default 30)
---@field idle_timeout? number seconds without a byte either way
---@field setup_timeout? number seconds; of fes.connect, not of accepted ones
---@field overflow? fes.Overflow who is full at a broadcast (default "close")
---@field on_connect? fun(conn: fes.Conn) set-up is done
---@field on_receive? fun(conn: fes.Conn, data: string) data came
---@field on_drain? fun(conn: fes.Conn) what was refused would fit now
---@field maxqueue? integer full also with so many bytes unsent
---@field maxage? number full also once a byte has waited so many seconds
---@field coalesce? number seconds to hold what is sent (default 0)
---@field maxtopics? integer topics of one connection (default 1024)
---@field on_lag? fun(conn: fes.Conn, missed: integer, topic?: fes.Topic)
---@field on_close? fun(conn: fes.Conn, reason: fes.Reason, detail?: string)
---@field on_error? fun(conn: fes.Conn, message: string): boolean?
---@field handler? fun(conn: fes.Conn) a task for each connection

-------------------------------------------------------------------- fes.connect

---What one connection can have; as in fes.ListenOptions.
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
---@field on_connect? fun(conn: fes.Conn) it stands
---@field on_receive? fun(conn: fes.Conn, data: string)
---@field on_drain? fun(conn: fes.Conn)
---@field on_lag? fun(conn: fes.Conn, missed: integer, topic?: fes.Topic)
---@field on_close? fun(conn: fes.Conn, reason: fes.Reason, detail?: string)
---@field on_error? fun(conn: fes.Conn, message: string): boolean?
---@field handler? fun(conn: fes.Conn) in a task, once it stands

------------------------------------------------------------------------- server

---@class fes.Server
---@field host? string as given; nil with a path
---@field port? integer that it listens on; nil with a path
---@field path? string of the Unix socket
local Server = {}

---Queue data for every open connection but `except`.
---@param data string
---@param except? fes.Conn
---@return integer? receivers how many it is for
---@return "full"|"closed"? code why nobody gets it
function Server:broadcast(data, except) end

---@return integer connections that are open
function Server:count() end

---Iterate over the open connections; they may come and go meanwhile.
---@return fun(): fes.Conn?
function Server:connections() end

---Stop accepting.
function Server:pause() end

---Go on accepting.
function Server:resume() end

---@return fes.ServerStats
function Server:stats() end

---Another policy for the slow; nil: the one given to fes.listen.
---@param policy? fes.Overflow
function Server:set_overflow(policy) end

---What `coalesce` holds back leaves at this turn's end.
function Server:flush() end

---Stop listening, and close the connections gracefully ("shutdown").
---@param linger? number seconds to wait for the peers (default 2)
function Server:close(linger) end

---@class fes.ServerStats
---@field connections integer open now
---@field accepted integer
---@field closed table<fes.Reason, integer>
---@field bytes_in integer
---@field bytes_out integer taken by the kernel
---@field messages_in integer
---@field messages_out integer queued for a receiver
---@field queued integer bytes the kernel has not yet been given
---@field bockets integer in the slab
---@field bockets_free integer
---@field bockets_least integer fewest that were ever free
---@field missed integer messages withheld
---@field missed_by table<fes.Overflow, integer>
---@field refused integer broadcasts that found no bocket
---@field accepts_paused integer how often accepting had to stop
---@field memory integer the bound, bytes

--------------------------------------------------------------------- connection

---What to wait for; with a framing other than raw there are only messages.
---@alias fes.Wanted
---| integer # so many bytes
---| "line"  # a line, without its end
---| "all"   # all up to the peer's end

---@class fes.ReceiveOptions
---@field timeout? number seconds

---Any field that is not listed here is the script's own.
---@class fes.Conn
---@field id integer unique in the process, never used again
---@field peer? string "127.0.0.1:50123", "[::1]:50123" or "unix"
---@field server? fes.Server nil of what fes.connect made
---@field resumed boolean it is older than the script: kept over a reload
---@field [string] any
local Conn = {}

---Queue data, all of it or nothing. In a task: wait while it is full.
---@param data string
---@return true? ok
---@return "full"|"closed"? code why nothing was taken
function Conn:send(data) end

---Wait for data; in a task only, and where the server has a `handler`.
---@param what? fes.Wanted nothing: what has come, or one message
---@param options? fes.ReceiveOptions
---@return string? data
---@return "timeout"|fes.Reason? why
function Conn:receive(what, options) end

---Send what is queued, end the stream, wait for the peer to close.
---@param linger? number seconds at most (default 2); 0: discard, reset
---@return true? ok
---@return "closed"? code
function Conn:close(linger) end

---Stop reading: no on_receive comes.
---@return true? ok
---@return "closed"? code
function Conn:pause() end

---Go on reading.
---@return true? ok
---@return "closed"? code
function Conn:resume() end

---@return fes.ConnStats stats of a closed one: as they were at its end
function Conn:stats() end

---@param topic fes.Topic
---@return true? done also when it was subscribed
---@return "full"|"closed"? code
function Conn:subscribe(topic) end

---@param topic fes.Topic
---@return true? done
---@return "closed"? code
function Conn:unsubscribe(topic) end

---@return fun(): fes.Topic?
function Conn:topics() end

---Its own policy; nil takes it back.
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
---@field queued integer bytes the kernel has not yet been given
---@field bockets integer that it holds
---@field age number seconds, of the oldest unsent byte; else 0
---@field missed integer broadcasts withheld from it

-------------------------------------------------------------------------- timer

---@class fes.Timer
---@field skipped integer periods that were missed and not made up
local Timer = {}

---It fires no more. Again: no effect.
function Timer:stop() end

---------------------------------------------------------------------------- log

---Each takes what string.format takes, and writes a line to stderr.
---@class fes.Log
---@field debug fun(format: string, ...: any)
---@field info fun(format: string, ...: any)
---@field warn fun(format: string, ...: any)
---@field error fun(format: string, ...: any)

------------------------------------------------------------------------- limits

---What is not given stays as it is.
---@class fes.Limits
---@field call_seconds? number of a handler or timer, 0: any (default 1)
---@field memory? integer bytes of the Lua state (default: any)
---@field retained? integer bytes of kept messages (default 16 MiB)
---@field outgoing? integer bockets of outgoing connections (default 1024)

-------------------------------------------------------------------------- stats

---In seconds.
---@class fes.Times
---@field count integer
---@field last number
---@field longest number
---@field total number

---@class fes.Stats
---@field uptime number seconds
---@field turns fes.Times of the loop, all but the waiting
---@field handlers fes.Times of each turn, receiving, handlers and timers
---@field collector fes.Times slices of collecting garbage
---@field connections integer as in fes.ServerStats, as what follows: the sums
---@field accepted integer of all servers, closed ones too
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
---@field bockets_least integer
---@field memory integer bytes of the Lua state
---@field errors integer of handlers and timers
---@field reloads integer that have succeeded
---@field tasks integer that are not at their end
---@field timers integer that run

------------------------------------------------------------------------- module

---@class fes
---@field log fes.Log
---@field version string
local fes = {}

---Listen. Raises, with the system's reason, if that cannot be.
---@param options fes.ListenOptions
---@return fes.Server
function fes.listen(options) end

---Connect. In a task and without on_connect it waits until that stands.
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

---Run a function in a task, or go on with a coroutine that is suspended.
---@param fn function|thread
---@param ... any its arguments
---@return thread
function fes.spawn(fn, ...) end

---Wait; in a task only.
---@param seconds number 0: until the next turn of the loop
function fes.sleep(seconds) end

---@return number seconds of the monotonic clock, read at the call
function fes.now() end

---@param number integer of bockets
---@param size integer bytes in each
---@return fes.Pool
function fes.pool(number, size) end

---Load the script anew at the end of this turn, as SIGHUP does.
function fes.reload() end

---What the function returns, plain data, reaches the next script.
---@param fn? fun(): any called before a reload; nil: none
function fes.on_reload(fn) end

---@return any state what the script before has left; nil at a first start
function fes.state() end

---@return fes.Stats stats of the whole program
function fes.stats() end

---Change what the script may take.
---@param limits fes.Limits
function fes.limits(limits) end

---Stop gracefully, as SIGTERM does.
---@param seconds? number over which the closes are spread (default 0)
function fes.stop(seconds) end

---Call a function first when fes stops, whoever asked for it.
---@param fn fun()
function fes.on_stop(fn) end

---The topic of a name, made if there is none.
---@param name string 1 to 255 bytes
---@param options? fes.TopicOptions
---@return fes.Topic
function fes.topic(name, options) end

return fes
