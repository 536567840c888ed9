/** The extension as it is installed, with a stand-in for the editor, the real process and a real engine. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { folderOf, until, withEngine } from "../../../node/tests/helpers.js";
import { editor, Uri } from "./editor.mjs";
import { installed } from "./installed.mjs";

const image = process.env.DH_TEST_IMAGE;
const cleanups = [];
let folder;
let window;
let extension;
let main;

const command = (name, ...args) => window.shown.commands[`dhSidecar.${name}`](...args);
const lines = (text) => window.shown.lines.filter((line) => line.includes(text));

/** @returns {[string, string[]][]} the tree as it is shown: functions, and their runs' descriptions */
function tree() {
  const { provider } = window.shown.tree;
  return provider.getChildren().map((group) => [provider.getTreeItem(group).label,
    provider.getChildren(group).map((run) => provider.getTreeItem(run).description)]);
}

/** A document of the editor. */
function document(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return { uri: new Uri(path), getText: () => text, save: async () => true };
}

before(async () => {
  const t = { after: (cleanup) => cleanups.push(cleanup) };
  folder = folderOf(t);
  const env = withEngine(t);
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  const { extension: path } = installed(t);
  window = editor({ settings: { binary: process.env.DH_SIDECAR_BIN, project: "default" }, folder });
  const load = Module._load;
  Module._load = (name, ...rest) => (name === "vscode" ? window.vscode : load(name, ...rest));
  main = createRequire(import.meta.url)(join(path, JSON.parse(readFileSync(join(path, "package.json"))).main));
  Module._load = load;
  extension = await main.activate(window.context);
});

after(async () => {
  await extension.session.use(async (client) => {
    for await (const run of client.runs()) await run.delete();
  });
  await main.deactivate();
  cleanups.forEach((cleanup) => cleanup());
});

test("the commands that are registered are those that package.json names", () => {
  const { contributes } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url)));
  assert.deepEqual(Object.keys(window.shown.commands).sort(), contributes.commands.map((each) => each.command).sort());
  assert.equal(window.shown.tree.id, contributes.views.dhSidecar[0].id);
});

test("a function is created, with what was typed checked", async () => {
  window.answers.push("not a name", "hello", "", image);
  const made = await command("createFunction");
  assert.equal(made.name, "hello");
  assert.deepEqual(window.questions.map(({ faults }) => faults.length), [1, 1]);
  assert.match(window.questions[0].faults[0], /name/);
});

test("a function is run and followed, and the tree is live", async () => {
  const params = { command: "sh", args: ["-c", "echo one; sleep 2; echo Grüße 🐳"] };
  window.answers.push("hello", "job", '{"comand": "sh"}', "[]", JSON.stringify(params));
  const run = await command("run");
  const { faults } = window.questions.at(-1);
  assert.match(faults[0], /Did you mean `command`/i);
  assert.match(faults[1], /JSON object/);
  await until(() => tree()[0]?.[1][0]?.startsWith("RUNNING"), "a live state");
  await until(() => tree()[0][1][0] === "COMPLETED", "the end in the tree");
  await until(() => lines("COMPLETED").length, "the end in the log");
  const name = `[hello job ${run.id.slice(0, 8)}]`;
  assert.deepEqual(lines(name).filter((line) => /one|Grüße/.test(line)), [`${name} one`, `${name} Grüße 🐳`]);
});

test("a run is stopped from the tree", async () => {
  const { provider } = window.shown.tree;
  window.answers.push("job", '{"command": "sleep", "args": ["60"]}');
  const run = await command("run", provider.getChildren()[0]);
  await until(() => tree()[0][1][0].startsWith("RUNNING"), "the run");
  await command("stop", provider.getChildren(provider.getChildren()[0])[0]);
  await until(() => tree()[0][1][0].startsWith("STOPPED"), "the stop in the tree");
  await run.refresh();
  assert.equal(run.state, "STOPPED");
});

test("a container file is checked where it stands, applied and followed", async () => {
  const faulty = document("a.container.yaml", `function: {name: file, kind: contaner, image: "${image}"}\n`);
  window.events.open.fire(faulty);
  await until(() => window.shown.diagnostics.get(faulty.uri.fsPath)?.length, "a diagnostic");
  const [fault] = window.shown.diagnostics.get(faulty.uri.fsPath);
  assert.match(fault.message, /Did you mean `container`/);
  assert.deepEqual([fault.range.place[0], fault.severity, fault.source], [0, 0, "dh-sidecar"]);

  const good = document("a.container.yaml", `
function: {name: file, kind: container, image: "${image}", command: sh}
runs:
  once: {action: job, args: [-c, echo applied]}
  web:
    action: serve
    args: [-c, "echo served >/www/index.html && exec httpd -f -p 8080 -h /www"]
    service_ports: [{port: 8080}]
    service_type: NodePort
`);
  window.events.save.fire(good);
  await until(() => window.shown.diagnostics.get(good.uri.fsPath).length === 0, "no diagnostic");
  const runs = await command("apply", good.uri);
  assert.deepEqual(Object.keys(runs), ["once", "web"]);
  assert.match(window.shown.messages.at(-1), /file: 2 runs/);
  await until(() => lines("applied").length, "the log");
  const web = () => extension.runs.runs.find(({ id }) => id === runs.web.id);
  await until(() => web()?.status.service?.url && web().status.state === "RUNNING", "the service", 20_000);
  await command("open", web());
  assert.equal((await (await fetch(window.shown.opened.at(-1))).text()).trim(), "served");
  const again = await command("apply", good.uri);
  assert.deepEqual(again.web.id, runs.web.id);
});

test("what can't be applied is said", async () => {
  await command("apply", new Uri(join(folder, "a.txt")));
  assert.match(window.shown.errors.at(-1), /\*\.container\.yaml/);
  await command("apply", document("b.container.json", '{"function": {}}').uri);
  assert.match(window.shown.errors.at(-1), /faults in the params/);
  assert.ok(lines("/function/name").length, "every fault is in the output");
});

test("a process that was killed is started again", async () => {
  const { sidecar } = await extension.session.client();
  process.kill(sidecar.pid, "SIGKILL");
  await until(async () => (await extension.session.use((client) => client.rpc.listProfiles()).catch(() => undefined)),
    "another process");
  assert.notEqual((await extension.session.client()).sidecar.pid, sidecar.pid);
  await command("refresh");
  assert.ok(tree().length > 0);
});

test("runs that others make are seen while the tree is", async () => {
  window.shown.tree.visible = true;
  window.events.visibility.fire({ visible: true });
  await extension.session.use((client) => client.run({ function: "hello", action: "job", command: "true" }));
  await until(() => tree().find(([name]) => name === "hello")[1].length === 3, "the run of another", 15_000);
  window.events.visibility.fire({ visible: false });
});
