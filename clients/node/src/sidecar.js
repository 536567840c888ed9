import { onAbort } from "./aborts.js";
import { findBinary } from "./binary.js";
import { Child } from "./child.js";
import { CallError, CallTimeoutError, ClosedError, IncompatibleError, StartTimeoutError } from "./errors.js";
import { RunEvents } from "./run-events.js";

const PROTOCOL = "1";
const CLIENT = { name: "dh-sidecar for Node", version: "0.1.0" };
const START_TIMEOUT_MS = 20_000;
// It answers what it has read and leaves; calls that go on get 2 s there.
const LEAVE_MS = 5_000;

/**
 * One process `dh-sidecar` and the calls that are under way in it. It keeps the program alive only while somebody waits
 * for an answer or an event.
 */
export class Sidecar {
  #lastId = 0;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  /** @type {Map<number, (result: any) => void>} Answers that come although their call was given up. */
  #late = new Map();
  /** @type {Map<string, (value: any) => void>} */
  #progress = new Map();
  /** @type {Map<string, RunEvents>} */
  #subscriptions = new Map();
  /** @type {Set<RunEvents>} Those whose reader is slow. */
  #full = new Set();
  #waiting = 0;
  #closed = false;
  /** @type {Error | undefined} */
  #failure;
  /** @type {Promise<void> | undefined} */
  #closing;
  #child;

  /** @param {StartOptions} [options] */
  constructor({ binary, platform, project, args = [], env: added = {}, cwd, onStderr } = {}) {
    const env = { ...process.env, ...added };
    const path = findBinary({ binary, env });
    const words = [...(platform ? ["--platform", platform] : []), ...(project ? ["--project", project] : []), ...args];
    this.#child = new Child({
      path, args: words, cwd, env, onStderr,
      onLine: (line) => this.#receive(line),
      onEnd: (error) => this.#fail(error),
    });
    /** The program that was started. */
    this.path = path;
    /** What `initialize` answered: {serverInfo, protocol_version, platform, capabilities}. */
    this.server = undefined;
  }

  /**
   * Starts the process and greets it.
   * @param {StartOptions} [options]
   */
  static async start(options = {}) {
    const sidecar = new Sidecar(options);
    try {
      await sidecar.#greet(options);
      return sidecar;
    } catch (error) {
      sidecar.#closed = true;
      await sidecar.#child.leave(error instanceof IncompatibleError ? 1_000 : 0);
      throw error;
    }
  }

  get pid() {
    return this.#child.pid;
  }

  /** @param {StartOptions} options */
  async #greet({ startTimeoutMs = START_TIMEOUT_MS, signal }) {
    try {
      const params = { processId: process.pid, clientInfo: CLIENT };
      this.server = await this.call("initialize", params, { timeoutMs: startTimeoutMs, signal });
    } catch (error) {
      if (error instanceof CallTimeoutError) {
        throw new StartTimeoutError(`${this.path} was started, and has not answered within ${startTimeoutMs} ms`);
      }
      if (!(error instanceof CallError)) throw error;
      throw new IncompatibleError(`${this.path} does not know this client's protocol ${PROTOCOL}: ${error.reason}`);
    }
    const { serverInfo, protocol_version: protocol } = this.server ?? {};
    if (serverInfo?.name !== "dh-sidecar" || protocol !== PROTOCOL) {
      throw new IncompatibleError(
        `${this.path} is ${serverInfo?.name ?? "a program without a name"} ${serverInfo?.version ?? ""} and speaks ` +
          `protocol ${protocol}; this client (${CLIENT.version}) speaks dh-sidecar's protocol ${PROTOCOL}. ` +
          "Take the client and the program from the same release.",
      );
    }
  }

  /**
   * Calls a method.
   * @param {string} method
   * @param {object} [params]
   * @param {CallOptions} [options]
   * @returns {Promise<any>} its result; fails with a CallError, or with the signal's reason
   */
  call(method, params, options) {
    return new Promise((resolve, reject) => this.request(method, params, { ...options, resolve, reject }));
  }

  /**
   * A call whose result is taken in the moment it is read, before what was sent after it.
   * @param {string} method
   * @param {object} [params]
   * @param {CallOptions & {
   *   resolve: (result: any) => void, reject: (error: any) => void, late?: (result: any) => void,
   * }} options `late` is given a result that comes after the call was given up
   */
  request(method, params = {}, { signal, timeoutMs, onProgress, resolve, reject, late }) {
    const refusal = this.#closed ? new ClosedError(method) : this.#failure;
    if (refusal || signal?.aborted) return reject(refusal ?? signal.reason);
    const id = ++this.#lastId;
    const token = onProgress && `progress-${id}`;
    let message;
    try {
      message = JSON.stringify({
        jsonrpc: "2.0", id, method, params: token ? { ...params, progress_token: token } : params,
      });
    } catch (error) {
      return reject(error);
    }
    if (token) this.#progress.set(token, onProgress);
    const giveUp = (reason) => {
      if (late) this.#late.set(id, late);
      this.#settle(id).reject(reason);
      this.notify("$/cancelRequest", { id });
    };
    const timer = timeoutMs === undefined ? undefined
      : setTimeout(() => giveUp(new CallTimeoutError(method, timeoutMs)), timeoutMs);
    const unwatch = onAbort(signal, () => giveUp(signal.reason));
    const release = () => {
      clearTimeout(timer);
      unwatch();
      if (token) this.#progress.delete(token);
    };
    this.#pending.set(id, { method, resolve, reject, release });
    this.hold();
    this.#child.write(message);
  }

  /**
   * Sends a notification; after the end there is nobody to hear it.
   * @param {string} method
   * @param {object} [params]
   */
  notify(method, params = {}) {
    if (this.#closed || this.#failure) return;
    this.#child.write(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  /**
   * Subscribes to what happens to a run.
   * @param {object} params as of `subscribeRun`
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<RunEvents>}
   */
  async subscribe(params, options) {
    const events = new RunEvents(this, params, options);
    await events.start();
    return events;
  }

  /** Ends calls that are under way, and the process; the runs live on. */
  close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close() {
    this.#closed = true;
    for (const [id, { method }] of [...this.#pending]) this.#settle(id).reject(new ClosedError(method));
    for (const events of [...this.#subscriptions.values()]) events.fail(new ClosedError("subscribeRun"));
    if (!this.#failure) await this.#child.leave(LEAVE_MS);
  }

  /** Somebody begins to wait for the process: it is listened to, and keeps the program alive. */
  hold() {
    if (this.#waiting++ === 0) {
      this.#child.hold(true);
      this.#flow();
    }
  }

  /** Somebody has ended to wait. */
  release() {
    if (--this.#waiting === 0) {
      this.#child.hold(false);
      this.#flow();
    }
  }

  // A slow reader of events makes the process wait, but nobody who waits for an answer waits for that reader.
  #flow() {
    this.#child.pause(this.#waiting === 0 && this.#full.size > 0);
  }

  /**
   * @param {RunEvents} events
   * @param {boolean} full whether it has more than it should
   */
  fill(events, full) {
    if (this.#full.has(events) === full) return;
    if (full) this.#full.add(events);
    else this.#full.delete(events);
    this.#flow();
  }

  /**
   * @param {string} subscription
   * @param {RunEvents} events
   */
  attach(subscription, events) {
    this.#subscriptions.set(subscription, events);
  }

  /** @param {string} subscription */
  detach(subscription) {
    this.#subscriptions.delete(subscription);
  }

  /**
   * Takes a call out of those under way.
   * @param {number} id
   * @returns {Pending}
   */
  #settle(id) {
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    call.release();
    this.release();
    return call;
  }

  /** @param {string} line */
  #receive(line) {
    if (this.#failure) return;
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      return this.#distrust(line);
    }
    for (const each of Array.isArray(message) ? message : [message]) {
      if (each?.jsonrpc !== "2.0") return this.#distrust(line);
      if (each.method === undefined) this.#answer(each);
      else if (each.id === undefined) this.#notified(each);
      else return this.#distrust(line);
    }
  }

  /** @param {{id: number | null, result?: any, error?: any}} answer */
  #answer({ id, result, error }) {
    // Something that was sent could not be read; which one it was is not said, so no call may go on waiting for it.
    if (id === null) {
      for (const [each, { method }] of [...this.#pending]) this.#settle(each).reject(new CallError(method, error));
    } else if (this.#pending.has(id)) {
      const call = this.#settle(id);
      if (error) call.reject(new CallError(call.method, error));
      else call.resolve(result);
    } else {
      const late = this.#late.get(id);
      this.#late.delete(id);
      if (late && !error) late(result);
    }
  }

  /** @param {{method: string, params?: any}} notification */
  #notified({ method, params }) {
    if (method === "$/progress") this.#progress.get(params?.token)?.(params.value);
    else if (method === "run/event") this.#subscriptions.get(params?.subscription)?.push(params);
  }

  /** @param {string} line */
  #distrust(line) {
    this.#fail(new IncompatibleError(`${this.path} wrote what is no JSON-RPC: ${line.slice(0, 200)}`));
    this.#child.process.kill("SIGKILL");
  }

  /** @param {Error} error */
  #fail(error) {
    if (this.#failure) return;
    this.#failure = error;
    for (const id of [...this.#pending.keys()]) this.#settle(id).reject(error);
    for (const events of [...this.#subscriptions.values()]) events.fail(error);
    this.#late.clear();
  }
}

/**
 * @typedef {{
 *   method: string, resolve: (result: any) => void, reject: (error: any) => void, release: () => void,
 * }} Pending
 * @typedef {import("./index.d.ts").StartOptions} StartOptions
 * @typedef {import("./index.d.ts").CallOptions} CallOptions
 */
