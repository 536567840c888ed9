/** The process beside the program: nobody waits for nothing, nothing is left behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect, Sidecar } from "../src/index.js";
import { isAlive, offline, program, sleep, until, withEngine } from "./helpers.js";

const FLOOD = fileURLToPath(new URL("programs/flood.js", import.meta.url));
const COUNT = 200_000;

test("a program with an idle client ends by itself, and its process too", async (t) => {
  const { child, end, heard } = program("idle", { env: offline(t) });
  const { pid } = await heard;
  const tooLong = setTimeout(() => child.kill("SIGKILL"), 5_000);
  const { code, signal } = await end;
  clearTimeout(tooLong);
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, "the idle client kept it");
  await until(() => !isAlive(pid), "the end of the process");
});

test("Ctrl-C ends both, and the run lives on", async (t) => {
  const env = withEngine(t);
  const { child, end, heard } = program("waits", { env });
  const { pid, run: id } = await heard;
  process.kill(-child.pid, "SIGINT");
  assert.equal((await end).signal, "SIGINT");
  await until(() => !isAlive(pid), "the end of the process");
  const client = await connect({ env });
  const run = await client.getRun(id);
  assert.equal(run.state, "RUNNING");
  await run.delete();
  await client.close();
});

test("a program that takes Ctrl-C itself still has its process", async (t) => {
  const { child, end, heard } = program("waits", { env: withEngine(t), args: ["again"] });
  const { pid } = await heard;
  process.kill(-child.pid, "SIGINT");
  const { code, stdout, stderr } = await end;
  assert.equal(code, 0, stderr);
  assert.deepEqual(stdout.trim().split("\n").slice(1), ['"Ctrl-C"', '"STOPPED"']);
  assert.ok(!isAlive(pid));
});

test("a program that is killed leaves nothing behind", async (t) => {
  const env = withEngine(t);
  const { child, end, heard } = program("waits", { env });
  const { pid, run: id } = await heard;
  child.kill("SIGKILL");
  await end;
  await until(() => !isAlive(pid), "the end of the process");
  const client = await connect({ env });
  await (await client.getRun(id)).delete();
  await client.close();
});

/** A flood, and how much of it has been written. */
async function flooded() {
  const written = [];
  const options = { binary: FLOOD, env: { FLOOD: String(COUNT) }, onStderr: (line) => written.push(line) };
  const sidecar = await Sidecar.start(options);
  return { sidecar, written, events: await sidecar.subscribe({ id: "0" }) };
}

async function readAll(events) {
  let seq = 0;
  for await (const event of events) {
    seq += 1;
    assert.equal(event.seq, seq);
    // As a reader that has something to do.
    if (seq % 10_000 === 0) await sleep(5);
  }
  assert.equal(seq, COUNT + 1);
}

test("a slow reader of events makes the process wait", async () => {
  const { sidecar, written, events } = await flooded();
  await until(() => written.length > 0, "the flood");
  await sleep(500);
  const soon = Number(written.at(-1));
  assert.ok(soon < COUNT / 10, `${soon} events were taken in while nobody read them`);
  await readAll(events);
  await sidecar.close();
});

test("a slow reader beside a call that waits: no event is lost, none is kept without bound", async () => {
  const { sidecar, written, events } = await flooded();
  const waiting = sidecar.call("waitRun", { id: "0" });
  waiting.catch(() => {});
  await until(() => written.includes("unsubscribed"), "giving up");
  const soon = Number(written.at(-2));
  assert.ok(soon < COUNT / 2, `${soon} events were taken in while nobody read them`);
  await readAll(events);
  await sidecar.close();
  await assert.rejects(waiting, { code: "closed" });
});
