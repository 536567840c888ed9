import { onAbort } from "./aborts.js";
import { CallError, ClosedError, ProcessLostError } from "./errors.js";

// Beyond these the process is not read any more, unless somebody waits for something else of it.
const FULL_EVENTS = 1_000;
const FULL_CHARACTERS = 4_000_000;
// Then it has to be read on; beyond this many times as much the subscription is given up, and begun again at the same
// place once the reader has come after.
const TOO_MUCH = 20;

/**
 * What happens to a run: an async iterator over its transitions of state, its log and, as the last event, its end. Give
 * it up with `unsubscribe()`, or by leaving the loop.
 */
export class RunEvents {
  /** @type {({event: any} | {error: any})[]} */
  #queue = [];
  #characters = 0;
  /** @type {{resolve: (result: any) => void, reject: (error: any) => void}[]} */
  #waiters = [];
  /** No event comes any more. */
  #ended = false;
  /** The reader wants none. */
  #over = false;
  #aborted = false;
  /** Where it goes on that was given up for the slowness of its reader. */
  #behind;
  #subscription;
  /** @type {Promise<void> | undefined} */
  #started;
  #sidecar;
  #params;
  #signal;
  #heard;
  #unwatch = () => {};

  /**
   * @param {import("./sidecar.js").Sidecar} sidecar
   * @param {{id: string, project?: string, after?: string}} params as of `subscribeRun`
   * @param {{signal?: AbortSignal}} [options]
   * @param {(event: any) => void} [heard] is told of each event that is read
   */
  constructor(sidecar, params, { signal } = {}, heard = () => {}) {
    this.#sidecar = sidecar;
    this.#params = params;
    this.#signal = signal;
    this.#heard = heard;
    /** The cursor of the last event that was read: `after` it another subscription goes on. */
    this.cursor = params.after;
    /** The run as it was when its events were subscribed to. */
    this.run = undefined;
  }

  /** Subscribes. Reading does that by itself. */
  start() {
    this.#started ??= this.#subscribe(this.#params).then(() => {
      this.#unwatch = onAbort(this.#signal, () => this.#abort());
    });
    return this.#started;
  }

  /** @param {object} params */
  #subscribe(params) {
    const sidecar = this.#sidecar;
    return new Promise((resolve, refuse) => {
      const reject = (error) => {
        this.#ended = this.#over = true;
        refuse(error);
      };
      sidecar.request("subscribeRun", params, {
        signal: this.#signal,
        reject,
        resolve: ({ subscription, run }) => {
          this.#subscription = subscription;
          this.run ??= run;
          sidecar.attach(subscription, this);
          resolve();
        },
        late: ({ subscription }) => sidecar.call("unsubscribe", { subscription }).catch(() => {}),
      });
    });
  }

  /** @param {any} event as it came */
  push(event) {
    if (this.#over) return;
    if (event.type === "end") {
      this.#ended = true;
      this.#sidecar.detach(this.#subscription);
    }
    if (event.reason === "failed" && event.type === "end") {
      this.#put({ error: new CallError("subscribeRun", event.error ?? { code: 0, message: "it failed" }) });
    } else {
      this.#put({ event });
    }
    const measure = Math.max(this.#queue.length / FULL_EVENTS, this.#characters / FULL_CHARACTERS);
    this.#sidecar.fill(this, measure > 1);
    if (measure > TOO_MUCH && !this.#ended) this.#fallBehind(event.cursor);
  }

  /** @param {any} error ends the events; those that came before are read first */
  fail(error) {
    this.#ended = true;
    this.#behind = undefined;
    this.#sidecar.detach(this.#subscription);
    this.#put({ error });
  }

  /** @param {any} item */
  #put(item) {
    const waiter = this.#waiters.shift();
    if (waiter) {
      this.#sidecar.release();
      this.#give(item, waiter);
    } else {
      this.#queue.push(item);
      this.#characters += item.event?.text?.length ?? 0;
    }
  }

  /**
   * @param {any} item
   * @param {{resolve: (result: any) => void, reject: (error: any) => void}} reader
   */
  #give({ event, error }, { resolve, reject }) {
    if (error) {
      this.#finish();
      return reject(error);
    }
    this.cursor = event.cursor ?? this.cursor;
    if (event.type === "end") this.#finish();
    this.#heard(event);
    resolve({ done: false, value: event });
  }

  /** @param {string} cursor of the last event that is kept */
  #fallBehind(cursor) {
    const subscription = this.#subscription;
    this.#sidecar.detach(subscription);
    this.#behind = cursor;
    this.#sidecar.call("unsubscribe", { subscription }).catch(() => {});
  }

  /** @returns {Promise<IteratorResult<any, undefined>>} */
  async next() {
    if (this.#over) return this.#nothing();
    await this.start();
    if (this.#behind && !this.#queue.length) {
      const after = this.#behind;
      this.#behind = undefined;
      await this.#subscribe({ ...this.#params, after });
    }
    if (this.#over) return this.#nothing();
    return new Promise((resolve, reject) => {
      const item = this.#queue.shift();
      if (item) {
        this.#characters -= item.event?.text?.length ?? 0;
        if (this.#queue.length < FULL_EVENTS / 2) this.#sidecar.fill(this, this.#characters > FULL_CHARACTERS / 2);
        this.#give(item, { resolve, reject });
      } else {
        this.#sidecar.hold();
        this.#waiters.push({ resolve, reject });
      }
    });
  }

  /** Leaving a `for await` loop gives the events up. */
  async return(value) {
    await this.unsubscribe();
    return { done: true, value };
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** Gives the events up; the run goes on. */
  async unsubscribe() {
    const tell = this.#started && !this.#ended && !this.#over && this.#behind === undefined;
    this.#ended = true;
    this.#finish();
    if (!tell) return;
    try {
      await this.#started;
      await this.#sidecar.call("unsubscribe", { subscription: this.#subscription });
    } catch (error) {
      const gone = error instanceof ClosedError || error instanceof ProcessLostError;
      if (!gone && error.code !== "subscription_not_found") throw error;
    } finally {
      this.#sidecar.detach(this.#subscription);
    }
  }

  // A loop that was ended by a signal must not look like one that came to the end.
  #nothing() {
    if (this.#aborted) throw this.#signal.reason;
    return { done: true, value: undefined };
  }

  #abort() {
    this.#aborted = true;
    for (const waiter of this.#waiters.splice(0)) {
      this.#sidecar.release();
      waiter.reject(this.#signal.reason);
    }
    this.unsubscribe().catch(() => {});
  }

  // Whoever still waits is told that there is nothing more.
  #finish() {
    this.#over = true;
    this.#unwatch();
    this.#queue = [];
    this.#sidecar.fill(this, false);
    for (const { resolve } of this.#waiters.splice(0)) {
      this.#sidecar.release();
      resolve({ done: true, value: undefined });
    }
  }
}
