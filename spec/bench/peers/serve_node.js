// serve_node.js - the same with Node's net
//
// The messages of a turn are corked, and leave in one writev(2) for each
// client. Arguments and ports are those of pace.lua.
"use strict";

const net = require("net");

const settings = { connections: 1, batch: 1, rate: 20000, messages: 16 };

for (const word of process.argv.slice(2)) {
  const [name, value] = word.split("=");

  settings[name] = Number(value);
}

const period = (1000 * settings.batch * settings.connections) / settings.rate;
const plain = Buffer.from(Array.from({ length: 128 }, (_, byte) => byte));
const clients = new Set();

function message() {
  const bytes = Buffer.from(plain);

  bytes.writeBigInt64LE(process.hrtime.bigint(), 8);
  return bytes;
}

function turn() {
  const messages = Array.from({ length: settings.batch }, message);

  for (const client of clients) {
    if (settings.batch > 1) client.cork();
    for (const bytes of messages) client.write(bytes);
    if (settings.batch > 1) client.uncork();
  }
}

function publish() {
  let left = settings.messages;
  const timer = setInterval(() => {
    turn();
    left -= settings.batch;
    if (left <= 0) clearInterval(timer);
  }, period);
}

function serve(client) {
  client.setNoDelay(true);
  client.write("\x01");
  clients.add(client);
  client.on("error", () => {});
  client.on("close", () => clients.delete(client));
  client.resume();
}

function listen(onClient, next) {
  const server = net.createServer(onClient);

  server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, () => {
    console.log(`listening 127.0.0.1:${server.address().port}`);
    if (next) next();
  });
}

listen(serve, () => listen((client) => client.on("data", publish)));
