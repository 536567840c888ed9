/** What goes wrong, and how it is told. */
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "../src/index.js";
import { folderOf, isAlive, offline, until } from "./helpers.js";

const failure = async (promise) => {
  let error;
  await promise.then(() => assert.fail("it did not fail"), (reason) => (error = reason));
  return error;
};

test("no binary anywhere: says where it looked, and how to get it", async (t) => {
  const folder = folderOf(t);
  const error = await failure(connect({ env: { DH_SIDECAR_BIN: undefined, PATH: `${folder}:relative:` } }));
  assert.equal(error.code, "binary_not_found");
  for (const words of ["DH_SIDECAR_BIN: not set", join(folder, "dh-sidecar"), "/bin/dh-sidecar): is not there",
    "quickstart"]) assert.ok(error.message.includes(words), error.message);
  assert.deepEqual(error.looked.map(({ outcome }) => outcome), ["not set", "is not there", "is not there"]);
});

test("a binary that is named and not there is not replaced by another", async () => {
  const named = await failure(connect({ env: { DH_SIDECAR_BIN: "/nowhere/dh-sidecar" } }));
  assert.match(named.message, /DH_SIDECAR_BIN \(\/nowhere\/dh-sidecar\): is not there/);
  const given = await failure(connect({ binary: "/nowhere/else" }));
  assert.match(given.message, /the option `binary` \(\/nowhere\/else\): is not there/);
  assert.match((await failure(connect({ binary: "/tmp" }))).message, /is no file/);
});

test("a file that may not be executed", async (t) => {
  const path = join(folderOf(t), "dh-sidecar");
  writeFileSync(path, "");
  chmodSync(path, 0o644);
  // Root may look into everything, and yet execute only what has the permission.
  assert.match((await failure(connect({ binary: path }))).message, /may not be executed/);
});

test("a folder to start in that is not there", async () => {
  assert.equal((await failure(connect({ cwd: "/nowhere" }))).code, "binary_not_found");
});

test("a program that is no dh-sidecar", async () => {
  const echo = await failure(connect({ binary: "/bin/cat" }));
  assert.equal(echo.code, "incompatible");
  const talk = await failure(connect({ binary: "/bin/echo", args: ["Hello there"] }));
  assert.equal(talk.code, "incompatible");
  assert.match(talk.message, /Hello there/);
  const mute = await failure(connect({ binary: "/bin/true" }));
  assert.equal(mute.code, "process_lost");
  assert.equal(mute.exitCode, 0);
});

test("a program that does not answer is ended", async () => {
  const error = await failure(connect({ binary: "/bin/sleep", args: ["300"], startTimeoutMs: 100 }));
  assert.equal(error.code, "start_timeout");
  const signal = AbortSignal.timeout(100);
  assert.equal(await failure(connect({ binary: "/bin/sleep", args: ["300"], signal })), signal.reason);
});

test("a wrong command line is told in the program's words", async (t) => {
  const error = await failure(connect({ platform: "moon", env: offline(t) }));
  assert.equal(error.code, "process_lost");
  assert.equal(error.exitCode, 1);
  assert.match(error.message, /moon/);
});

test("faulty params: every fault, with its remedy", async (t) => {
  const client = await connect({ env: offline(t) });
  const error = await failure(client.run({ function: "f", action: "job", comand: "ls", args: "ls" }));
  assert.equal(error.code, "invalid_params");
  assert.equal(error.number, -32602);
  assert.deepEqual(error.errors.map(({ pointer }) => pointer).sort(), ["/args", "/comand"]);
  assert.match(error.message, /^run: /);
  assert.match(error.message, /\/comand: .*did you mean `command`/is);
  assert.equal((await failure(client.getRun("0".repeat(32)))).code, "run_not_found");
  assert.equal((await failure(client.rpc.getRnu({}))).number, -32601);
  await client.close();
});

test("params that are no JSON, and those that are too many", async (t) => {
  const client = await connect({ env: offline(t) });
  const round = {};
  round.round = round;
  assert.ok((await failure(client.rpc.validate(round))) instanceof TypeError);
  const huge = client.createFunction({ name: "f", kind: "container", code: "x".repeat(65 << 20) });
  assert.equal((await failure(huge)).name, "CallError");
  assert.equal((await client.rpc.getCapabilities()).platform, "local");
  await client.close();
});

test("a signal that is aborted already", async (t) => {
  const client = await connect({ env: offline(t) });
  const signal = AbortSignal.abort(new Error("too late"));
  assert.equal(await failure(client.rpc.getCapabilities({}, { signal })), signal.reason);
  await client.close();
});

test("a thousand calls at once, with one signal, of a real process", async (t) => {
  const warnings = [];
  const note = (warning) => warnings.push(warning);
  process.on("warning", note);
  t.after(() => process.off("warning", note));
  const client = await connect({ env: offline(t) });
  const { signal } = new AbortController();
  const calls = Array.from({ length: 1000 }, (_, index) =>
    client.rpc.validate({ method: "getRun", params: { id: `${index}`, [`wrong_${index}`]: 1 } }, { signal }));
  const pointers = (await Promise.all(calls)).map(({ errors }) => errors[0].pointer);
  assert.deepEqual(pointers, Array.from({ length: 1000 }, (_, index) => `/wrong_${index}`));
  assert.deepEqual(warnings, []);
  await client.close();
});

test("close ends the process, and may be called twice", async (t) => {
  const client = await connect({ env: offline(t) });
  await Promise.all([client.close(), client.close()]);
  assert.ok(!isAlive(client.sidecar.pid));
  assert.equal((await failure(client.rpc.getCapabilities())).code, "closed");
});

test("a process that is killed while nobody waits", async (t) => {
  const client = await connect({ env: offline(t) });
  process.kill(client.sidecar.pid, "SIGKILL");
  await until(() => !isAlive(client.sidecar.pid), "the end");
  const error = await failure(client.rpc.getCapabilities());
  assert.equal(error.code, "process_lost");
  assert.equal(error.signal, "SIGKILL");
  await client.close();
});
