#!/usr/bin/env node
// Stands in for dh-sidecar with a run whose log has N lines, which it writes as fast as they are taken; says on stderr
// how many have gone out.
import { createInterface } from "node:readline";

const COUNT = Number(process.env.FLOOD);
let speaker = 0;

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

async function flood(subscription, first) {
  for (let seq = first; seq <= COUNT && speaker === subscription; seq++) {
    const event = { subscription: `sub-${subscription}`, seq, cursor: `${seq}`, type: "log", text: "x".repeat(100) };
    if (!send({ method: "run/event", params: event })) {
      process.stderr.write(`${seq}\n`);
      await new Promise((resolve) => process.stdout.once("drain", resolve));
    }
  }
  if (speaker !== subscription) return;
  const end = { seq: COUNT + 1, cursor: "end", type: "end", reason: "finished" };
  send({ method: "run/event", params: { subscription: `sub-${subscription}`, ...end } });
}

const answers = {
  initialize: () => ({ serverInfo: { name: "dh-sidecar", version: "0" }, protocol_version: "1", platform: "local" }),
  subscribeRun: ({ after = "0" }) => {
    speaker += 1;
    setImmediate(flood, speaker, Number(after) + 1);
    return { subscription: `sub-${speaker}`, run: {} };
  },
  unsubscribe: () => {
    speaker += 1;
    process.stderr.write("unsubscribed\n");
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (answers[method]) send({ id, result: answers[method](params) });
}
process.exit();
