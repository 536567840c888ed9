/** What needs neither an editor nor a process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isContainerFile, problems } from "../src/container-file.mjs";
import { byFunction, functionItem, isActive, runItem } from "../src/presentation.mjs";

const run = (name, state, more = {}) => ({
  id: "0f8fad5bd9cb469fa16570867728950e", key: "store://p/run/container+job:run/0f8f", kind: "container+job:run",
  spec: { function: `container://p/${name}:1234` }, status: { state, ...more },
});

test("which files are container files", () => {
  const names = ["a.container.json", "/x/a.container.yaml", "a.container.yml"];
  assert.deepEqual(names.map(isContainerFile), [true, true, true]);
  assert.deepEqual(["container.json", "a.json", "a.container.json.bak"].map(isContainerFile), [false, false, false]);
});

test("faults stand where they are in the text", () => {
  const text = "function:\n  kind: contaner\n  image: 3\n";
  const found = problems(text, {
    errors: [
      { message: "No such kind.", hint: "Did you mean `container`?", rule: "enum", line: 2, column: 3 },
      { message: "beyond the end", line: 99, column: 99 },
      { message: "of the whole" },
    ],
    warnings: [{ message: "no effect", code: "no_effect" }],
  });
  assert.deepEqual(found[0], {
    line: 1, start: 2, end: 7, severity: "error", rule: "enum", message: "No such kind. Did you mean `container`?",
  });
  assert.deepEqual([found[1].line, found[1].start, found[1].end], [3, 0, 0]);
  assert.deepEqual([found[2].line, found[2].start], [0, 0]);
  assert.equal(found[3].severity, "warning");
});

test("a run in the tree", () => {
  const going = runItem(run("f", "RUNNING", { service: { url: "http://127.0.0.1:8080" } }));
  assert.equal(going.label, "job 0f8fad5b");
  assert.equal(going.description, "RUNNING · http://127.0.0.1:8080");
  assert.equal(going.contextValue, "run active service");
  const failed = runItem(run("f", "ERROR", { message: "out of memory", exit_code: 137 }));
  assert.equal(failed.description, "ERROR · out of memory");
  assert.match(failed.tooltip, /exit code 137/);
  assert.equal(failed.contextValue, "run");
  assert.equal(runItem(run("f", "OF_TOMORROW")).icon, "question");
});

test("which runs go on", () => {
  const states = ["CREATED", "RUNNING", "STOP", "OF_TOMORROW", "COMPLETED", "ERROR", "STOPPED", "DELETED"];
  assert.deepEqual(states.filter((state) => isActive(run("f", state))), states.slice(0, 4));
});

test("runs by function", () => {
  const groups = byFunction([run("b", "RUNNING"), run("a", "ERROR"), run("b", "COMPLETED")]);
  assert.deepEqual(groups.map(({ name, runs }) => [name, runs.length]), [["b", 2], ["a", 1]]);
  assert.equal(functionItem(groups[0]).description, "1 active");
  assert.equal(functionItem(groups[1]).description, "");
});
