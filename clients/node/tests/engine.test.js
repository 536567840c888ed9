/** The client against the real process and a real engine. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CallError, connect, ContainerFunction, Run } from "../src/index.js";
import { withEngine } from "./helpers.js";

const image = process.env.DH_TEST_IMAGE;
const cleanups = [];
let env;
let client;
let project;
let shell;

before(async () => {
  env = withEngine({ after: (cleanup) => cleanups.push(cleanup) });
  client = await connect({ env });
  project = await client.getOrCreateProject({ name: "node-tests", description: "of the Node client" });
  shell = await project.createFunction({ name: "shell", kind: "container", image, command: "sh" });
});

after(async () => {
  for await (const run of project.runs()) await run.delete();
  await client.close();
  cleanups.forEach((cleanup) => cleanup());
});

const script = (text, more) => shell.run({ action: "job", args: ["-c", text], ...more });

test("a job, from the function to its log", async () => {
  assert.ok(shell instanceof ContainerFunction);
  const run = await script("echo hello; echo oops >&2; exit 3");
  assert.ok(run instanceof Run);
  assert.equal(run.project, "node-tests");
  await run.wait();
  assert.equal(run.state, "ERROR");
  assert.equal(run.status.exit_code, 3);
  assert.equal(run.timedOut, false);
  const logs = await run.logs();
  assert.deepEqual(logs.map(({ stream, text }) => `${stream} ${text}`).sort(), ["stderr oops", "stdout hello"]);
  assert.equal((await project.getRun(run.id)).state, "ERROR");
  assert.equal(JSON.parse(JSON.stringify(run)).id, run.id);
});

test("a wait whose time is up, and one that is cancelled: the run goes on", async () => {
  const run = await script("sleep 30");
  await run.wait({ timeout_seconds: 0.2 });
  assert.equal(run.timedOut, true);
  const signal = AbortSignal.timeout(200);
  await assert.rejects(run.wait({}, { signal }), (error) => error === signal.reason);
  await run.refresh();
  assert.match(run.state, /PENDING|RUNNING/);
  await run.stop({ grace_seconds: 0 });
  await run.wait();
  assert.equal(run.state, "STOPPED");
});

test("progress of a wait", async () => {
  const reports = [];
  await (await script("sleep 1")).wait({}, { onProgress: (each) => reports.push(each) });
  assert.equal(reports[0]?.kind, "begin");
  assert.equal(reports.at(-1).kind, "end");
});

test("the events of a run, and going on from a cursor", async () => {
  const run = await script("for i in 1 2 3; do echo line $i; done");
  const events = [];
  for await (const event of run.events()) events.push(event);
  assert.equal(run.state, "COMPLETED");
  assert.deepEqual(events.map(({ seq }) => seq), events.map((_, index) => index + 1));
  assert.deepEqual(events.filter(({ type }) => type === "log").map(({ text }) => text), ["line 1", "line 2", "line 3"]);
  assert.deepEqual(events.filter(({ type }) => type === "state").map(({ state }) => state).slice(-2),
    ["RUNNING", "COMPLETED"]);
  assert.equal(events.at(-1).type, "end");
  assert.equal(events.at(-1).reason, "finished");
  const rest = [];
  for await (const event of run.events({ after: events[2].cursor })) rest.push(event.seq);
  assert.deepEqual(rest, events.slice(3).map(({ seq }) => seq));
});

test("leaving the loop gives the events up, and another process goes on", async () => {
  const run = await script("while :; do echo tick; sleep 0.05; done");
  let cursor;
  let last;
  const events = run.events();
  for await (const event of events) {
    ({ cursor, seq: last } = event);
    if (event.type === "log") break;
  }
  assert.deepEqual(await events.next(), { done: true, value: undefined });
  const other = await connect({ env });
  const same = await other.getRun(run.key);
  const next = await same.events({ after: cursor }).next();
  assert.equal(next.value.seq, last + 1);
  await other.close();
  await run.stop({ grace_seconds: 0 });
});

test("events that a signal ends", async () => {
  const run = await script("sleep 30");
  const signal = AbortSignal.timeout(1000);
  await assert.rejects(async () => {
    for await (const event of run.events({}, { signal })) assert.notEqual(event.type, "end");
  }, (error) => error === signal.reason);
  assert.equal((await client.rpc.getCapabilities()).platform, "local");
  await run.stop({ grace_seconds: 0 });
});

test("unicode and binary in a log", async () => {
  const text = "Grüße 🐳 日本";
  const run = await script(`
    i=0; while [ $i -lt 2000 ]; do echo "${text} $i"; i=$((i+1)); done
    printf 'a\\377\\000b\\n'`);
  await run.wait();
  const lines = (await run.logs()).map((entry) => entry.text);
  assert.deepEqual(lines.slice(0, 2000), Array.from({ length: 2000 }, (_, index) => `${text} ${index}`));
  assert.match(lines[2000], /^a\ufffd.*b$/s);
});

test("a log of more than a page", async () => {
  const run = await script("seq 1 25000");
  await run.wait();
  const lines = (await run.logs()).map((entry) => entry.text);
  assert.equal(lines.length, 25_000);
  assert.equal(lines.at(-1), "25000");
  assert.deepEqual((await run.logs({ tail: 2 })).map((entry) => entry.text), ["24999", "25000"]);
});

test("a slow reader of a long log gets every event, from a real process", async () => {
  const run = await script("seq 1 60000");
  let last = 0;
  let lines = 0;
  for await (const event of run.events()) {
    assert.equal(event.seq, last + 1);
    last = event.seq;
    if (event.type === "log") lines += 1;
    if (last % 5000 === 0) await run.refresh();
  }
  assert.equal(lines, 60_000);
});

test("a service that answers, and its stop", async () => {
  const run = await shell.run({
    action: "serve",
    command: "sh", args: ["-c", "echo served >/www/index.html && exec httpd -f -p 8080 -h /www"],
    service_ports: [{ port: 8080, target_port: 8080 }], service_type: "NodePort",
  });
  await run.wait();
  assert.equal(run.state, "RUNNING");
  assert.equal((await (await fetch(run.status.service.url)).text()).trim(), "served");
  await run.stop({ grace_seconds: 0 });
  await run.resume();
  await run.wait();
  assert.equal(run.state, "RUNNING");
  await run.delete();
  assert.equal(run.state, "DELETED");
});

test("a process that is killed in mid-call, and the run after it", async () => {
  const other = await connect({ env });
  const fn = await (await other.getProject("node-tests")).getFunction("shell");
  const run = await fn.run({ action: "job", args: ["-c", "sleep 2"] });
  await run.wait({ until: "running" });
  const waits = [run.wait(), other.rpc.getRunLogs({ project: run.project, id: run.id, follow: true })];
  const events = run.events({ logs: false });
  await events.next();
  process.kill(other.sidecar.pid, "SIGKILL");
  for (const each of waits) {
    await assert.rejects(each, ({ code, signal }) => code === "process_lost" && signal === "SIGKILL");
  }
  await assert.rejects(async () => {
    for await (const event of events) assert.notEqual(event.type, "end");
  }, { code: "process_lost" });
  const found = await project.getRun(run.id);
  await found.wait();
  assert.equal(found.state, "COMPLETED");
});

test("functions, versions, runs and secrets, page after page", async () => {
  for (let version = 1; version <= 3; version++) {
    await project.createFunction({ name: "versions", kind: "container", image, description: `version ${version}` });
  }
  const versions = [];
  for await (const fn of project.functions({ name: "versions", versions: "all", limit: 1 })) versions.push(fn);
  assert.deepEqual(versions.map((fn) => fn.metadata.description), ["version 3", "version 2", "version 1"]);
  await versions[1].update({ description: "changed" });
  assert.equal((await versions[1].refresh()).metadata.description, "changed");
  const rendered = await versions[0].render({ action: "job" });
  assert.equal(rendered.platform, "local");
  await versions[1].delete();
  const isGone = (error) => error instanceof CallError && error.code === "function_not_found";
  await assert.rejects(versions[1].refresh(), isGone);

  await project.setSecret("TOKEN", "hush");
  const names = [];
  for await (const secret of project.secrets()) names.push(secret.name);
  assert.deepEqual(names, ["TOKEN"]);
  const run = await script("echo ${#TOKEN}", { secrets: ["TOKEN"] });
  await run.wait();
  assert.equal((await run.logs())[0].text, "4");
  await project.deleteSecret("TOKEN");
});

test("an idempotency key makes one run", async () => {
  const [one, two] = await Promise.all([1, 2].map(() => script("true", { idempotency_key: "once" })));
  assert.equal(one.id, two.id);
});

test("without a project the process chooses", async () => {
  const fn = await client.createFunction({ name: "anywhere", kind: "container", image });
  assert.equal(fn.project, "default");
  const run = await client.run({ function: "anywhere", action: "job", command: "true" });
  await run.wait();
  assert.equal(run.state, "COMPLETED");
  await run.delete();
});
