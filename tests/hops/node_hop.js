// A hop in Node, as anybody would write one: it knows nothing of tracing, `--require @opentelemetry/auto-instrumentations-node/register`
// adds all of that from outside. PORT is where it listens, NEXT_SERVICE_URL the service behind it.
"use strict";

const http = require("node:http");

const next = new URL(process.env.NEXT_SERVICE_URL);
const passedOn = ["content-type", "content-length", "authorization", "idempotency-key", "x-request-id", "x-deadline-ms"];
const agent = new http.Agent({ keepAlive: true });

function forward(request, response) {
  const headers = Object.fromEntries(passedOn.filter((name) => name in request.headers).map((name) => [name, request.headers[name]]));
  const onward = http.request(new URL("/process", next), { method: "POST", headers, agent }, (answer) => {
    response.writeHead(answer.statusCode, { "content-type": answer.headers["content-type"] });
    answer.pipe(response);
  });
  onward.on("error", () => response.writeHead(502).end());
  request.pipe(onward);
}

const server = http.createServer((request, response) => {
  if (request.method === "POST" && request.url === "/process") forward(request, response);
  else if (request.url === "/health") response.writeHead(200).end();
  else response.writeHead(404).end();
});
server.listen(Number(process.env.PORT), "127.0.0.1");
