--- The servers that are compared: how each is started, and what it speaks.
--
-- A peer has a `name`, a `label` for people, the `protocol` that its clients
-- speak (protocol.c), and `command`: where it shall listen (`port`), a
-- `directory` of its own, and its `settings` -> the program and its arguments.
-- One with `outside` needs a publisher of its own, and is told its port; the
-- others are told to publish by a control port, see pace.lua. One that `says`
-- something when a round is over must have said it before the next. One that is
-- `not_stalled` has nothing for readers that don't read.
--
-- @module spec.bench.peers.list

local station = require "spec.bench.station"
local testing = require "fes.testing"

local here = debug.getinfo(1, "S").source:match "^@(.-)[^/]*$"

local list = {}

local function words(first, settings, known)
  local all = { first }

  for _, name in ipairs(known) do
    if settings[name] then
      all[#all + 1] = ("%s=%d"):format(name, settings[name])
    end
  end
  return all
end

local paced = { "connections", "batch", "rate", "messages" }

local function add(peer) list[#list + 1] = peer end

add {
  name = "floor", label = "floor (C)", protocol = "raw", not_stalled = true,
  says = "measured",
  command = function(_, _, settings)
    local arguments = words("fanout", settings, paced)

    table.move({ "stamp=1", "warmup_ms=0" }, 1, 2, #arguments + 1, arguments)
    return station.programs.floor, arguments
  end,
}
add {
  name = "fes", label = "fes", protocol = "raw",
  command = function(_, _, settings)
    return station.programs.fes, words(here .. "serve_fes.lua", settings,
      { "sndbuf", table.unpack(paced) })
  end,
}
add {
  name = "redis", label = "Redis pub/sub", protocol = "redis", outside = true,
  command = function(port, directory)
    return "redis-server", {
      "--bind", "127.0.0.1", "--port", port, "--dir", directory,
      "--protected-mode", "no", "--save", "", "--appendonly", "no",
      "--maxclients", "20000",
    }
  end,
}
add {
  name = "node", label = "Node net", protocol = "raw",
  command = function(_, _, settings)
    return "node", words(here .. "serve_node.js", settings, paced)
  end,
}
add {
  name = "nats", label = "NATS", protocol = "nats", outside = true,
  command = function(port)
    return "nats-server", { "-a", "127.0.0.1", "-p", port }
  end,
}

local nginx = [[
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off;
master_process off;
pid DIRECTORY/pid;
error_log stderr error;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path DIRECTORY/body;
  proxy_temp_path DIRECTORY/proxy;
  fastcgi_temp_path DIRECTORY/fastcgi;
  uwsgi_temp_path DIRECTORY/uwsgi;
  scgi_temp_path DIRECTORY/scgi;
  server {
    listen 127.0.0.1:PORT backlog=1024;
    keepalive_requests 1000000;
    keepalive_timeout 3600;
    tcp_nodelay on;
    location = /publish {
      nchan_publisher;
      nchan_channel_id t;
      nchan_store_messages off;
    }
    location = /receive {
      nchan_subscriber http-raw-stream;
      nchan_channel_id t;
    }
  }
}
]]

-- A process that becomes another user outlives who started it.
local mosquitto = [[
user root
listener PORT 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
log_dest stderr
log_type error
]]

local function configuration(template, port, directory)
  return testing.write(directory .. "/configuration", (template:gsub("%u+", {
    PORT = port, DIRECTORY = directory,
  })))
end

add {
  name = "nchan", label = "nginx + nchan", protocol = "nchan", outside = true,
  command = function(port, directory)
    return "nginx", {
      "-p", directory, "-c", configuration(nginx, port, directory),
    }
  end,
}
add {
  name = "mosquitto", label = "mosquitto", protocol = "mqtt", outside = true,
  command = function(port, directory)
    return "mosquitto", { "-c", configuration(mosquitto, port, directory) }
  end,
}
add {
  name = "cqueues", label = "lua-cqueues", protocol = "raw",
  command = function(_, _, settings)
    return "lua5.4", words(here .. "serve_cqueues.lua", settings, paced)
  end,
}
add {
  name = "luv", label = "luv", protocol = "raw",
  command = function(_, _, settings)
    return "lua5.4", words(here .. "serve_luv.lua", settings, paced)
  end,
}

--- Find a peer.
-- @tparam string name
-- @treturn table or nil
function list.find(name)
  for _, peer in ipairs(list) do
    if peer.name == name then return peer end
  end
end

return list
