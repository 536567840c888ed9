/** Carries out the client's side of a transcript; ../../transcripts/README.md has the format. */
import assert from "node:assert/strict";
import { Sidecar } from "../src/index.js";

const WAIT_MS = 30_000;
const CANCELLED = new Error("cancelled by the transcript");

/** @param {any} template a value of a transcript, with what stands for something else put in */
export function value(template) {
  if (Array.isArray(template)) return template.map(value);
  if (template === null || typeof template !== "object") return template;
  if ("$repeat" in template) return template.$repeat.repeat(template.times);
  return Object.fromEntries(Object.entries(template).map(([name, each]) => [name, value(each)]));
}

/** Equal; of an object, the members that are expected. */
function match(actual, expected, where = "$") {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${where} is no list: ${JSON.stringify(actual)}`);
    assert.equal(actual.length, expected.length, `${where} has another length`);
    expected.forEach((each, index) => match(actual[index], each, `${where}[${index}]`));
  } else if (expected !== null && typeof expected === "object") {
    assert.ok(actual !== null && typeof actual === "object", `${where} is no object: ${JSON.stringify(actual)}`);
    for (const name of Object.keys(expected)) match(actual[name], expected[name], `${where}.${name}`);
  } else {
    // Not assert.equal's own message: two texts of 20 MB are no message.
    assert.ok(Object.is(actual, expected), `${where}: ${brief(actual)} in place of ${brief(expected)}`);
  }
}

const brief = (each) => String(JSON.stringify(each)).slice(0, 200);

/** How the client shows each outcome. */
const outcomes = {
  error(error, { code, message, data }) {
    assert.equal(error.name, "CallError", error.stack);
    if (code !== undefined) assert.equal(error.number, code);
    if (message !== undefined) assert.equal(error.reason, message);
    if (data !== undefined) match(error.data, data);
    if (data?.code) assert.equal(error.code, data.code);
  },
  cancelled(error) {
    assert.equal(error, CANCELLED);
  },
  timed_out(error) {
    assert.equal(error.code, "timed_out");
  },
  lost(error, { exit_code: exitCode, signal, stderr }) {
    assert.equal(error.code, "process_lost", error.stack);
    if (exitCode !== undefined) assert.equal(error.exitCode, exitCode);
    if (signal !== undefined) assert.equal(error.signal, signal);
    if (stderr !== undefined) {
      assert.ok(error.stderr.includes(stderr), `"${error.stderr}" lacks "${stderr}"`);
      assert.ok(error.message.includes(stderr), "the message does not show it");
    }
  },
  closed(error) {
    assert.equal(error.code, "closed", error.stack);
  },
  refused(error) {
    assert.equal(error.code, "incompatible", error.stack);
    assert.match(error.message, /protocol 1/);
  },
};

const outcomeOf = (step) => ["result", ...Object.keys(outcomes)].find((name) => name in step);

async function settles(promise, step) {
  const outcome = outcomeOf(step);
  if (outcome === "result") return match(await promise, value(step.result));
  let error;
  await promise.then((result) => assert.fail(`${brief(result)} came`), (reason) => (error = reason));
  outcomes[outcome](error, value(step[outcome]));
}

/** One client that plays. */
class Player {
  calls = new Map();
  subscriptions = new Map();

  constructor(sidecar) {
    this.sidecar = sidecar;
  }

  call(step) {
    const controller = new AbortController();
    const progress = [];
    const promise = this.sidecar.call(step.call, value(step.params), {
      signal: controller.signal,
      timeoutMs: step.timeout_ms,
      onProgress: step.progress && ((each) => progress.push(each)),
    });
    promise.catch(() => {});
    if (!("as" in step)) return settles(promise, step);
    this.calls.set(step.as, { promise, controller, progress });
  }

  of(step) {
    return settles(this.calls.get(step.of).promise, step);
  }

  cancel(step) {
    this.calls.get(step.cancel).controller.abort(CANCELLED);
  }

  progress(step) {
    match(this.calls.get(step.progress).progress, step.are);
  }

  async calls_(step) {
    const params = Array.from({ length: step.count }, (_, index) => ({ project: "p", id: String(index) }));
    assert.deepEqual(await Promise.all(params.map((each) => this.sidecar.call(step.calls, each))), params);
  }

  async events(step) {
    const subscribing = this.sidecar.subscribe(value(step.params));
    if (outcomeOf(step)) return settles(subscribing, step);
    this.subscriptions.set(step.events, await subscribing);
  }

  async event(step) {
    const { done, value: event } = await this.subscriptions.get(step.event).next();
    assert.ok(!done, "the events are over");
    match(event, value(step.is));
  }

  async flood(step) {
    const events = this.subscriptions.get(step.flood);
    for (let seq = 1; seq <= step.count; seq++) match((await events.next()).value, { type: "log", seq });
    match((await events.next()).value, { type: "end" });
  }

  async over(step) {
    assert.deepEqual(await this.subscriptions.get(step.over).next(), { done: true, value: undefined });
  }

  broken(step) {
    return settles(this.subscriptions.get(step.broken).next(), step);
  }

  async unsubscribe(step) {
    const events = this.subscriptions.get(step.unsubscribe);
    await events.unsubscribe();
    assert.deepEqual(await events.next(), { done: true, value: undefined });
  }

  close() {
    return this.sidecar.close();
  }
}

/**
 * @param {any} transcript
 * @param {object} options to start the client with
 */
export async function play({ client }, options) {
  const [first, ...rest] = client;
  if (first && "start" in first) {
    const step = first.start === "refused" ? { refused: true } : first.start;
    return settles(Sidecar.start(options), step);
  }
  const player = new Player(await Sidecar.start(options));
  try {
    for (const step of [first, ...rest]) {
      const kind = ["calls", "call", "of", "cancel", "progress", "events", "event", "flood", "over", "broken",
        "unsubscribe", "close"].find((name) => name in step && (name !== "progress" || "are" in step));
      assert.ok(kind, `a step that is none: ${JSON.stringify(step)}`);
      await within(player[kind === "calls" ? "calls_" : kind](step), step);
    }
  } finally {
    await player.close();
  }
}

async function within(promise, step) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end of ${brief(step)}`)), WAIT_MS);
  });
  try {
    await Promise.race([promise, late]);
  } catch (error) {
    error.message = `${brief(step)}: ${error.message}`;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
