import { Entity } from "./entity.js";
import { RunEvents } from "./run-events.js";

/** A run, as it was last read; `refresh` and `wait` read it again. */
export class Run extends Entity {
  /** Whether the last `wait` ended by its `timeout_seconds`. */
  timedOut = false;

  get project() {
    return this.entity.project;
  }

  /** Its state, such as `RUNNING`. */
  get state() {
    return this.entity.status.state;
  }

  get #named() {
    return { project: this.project, id: this.id };
  }

  /** @param {import("./index.d.ts").CallOptions} [options] */
  async refresh(options) {
    return this.#take(await this.sidecar.call("getRun", this.#named, options));
  }

  /**
   * Waits: for the end of a job and a build, until a serve and a deploy run.
   * @param {{timeout_seconds?: number, until?: "running" | "terminal"}} [params]
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  async wait(params, options) {
    const { timed_out: timedOut, ...run } = await this.sidecar.call("waitRun", { ...this.#named, ...params }, options);
    this.timedOut = timedOut === true;
    return this.#take(run);
  }

  /**
   * @param {{grace_seconds?: number}} [params]
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  async stop(params, options) {
    return this.#take(await this.sidecar.call("stopRun", { ...this.#named, ...params }, options));
  }

  /** @param {import("./index.d.ts").CallOptions} [options] */
  async resume(options) {
    return this.#take(await this.sidecar.call("resumeRun", this.#named, options));
  }

  /** @param {import("./index.d.ts").CallOptions} [options] */
  async delete(options) {
    return this.#take(await this.sidecar.call("deleteRun", this.#named, options));
  }

  /**
   * The log as it is now, all pages of it.
   * @param {{tail?: number, since?: string, after?: string}} [params]
   * @param {import("./index.d.ts").CallOptions} [options]
   * @returns {Promise<any[]>} its entries
   */
  async logs(params, options) {
    const entries = [];
    let page = await this.sidecar.call("getRunLogs", { ...this.#named, ...params }, options);
    // `tail` counts from the end, so its first page is the last one.
    while (page.entries.length) {
      entries.push(...page.entries);
      if (params?.tail !== undefined || !page.cursor) break;
      page = await this.sidecar.call("getRunLogs", { ...this.#named, after: page.cursor }, options);
    }
    return entries;
  }

  /**
   * What happens to the run, from its beginning or `after` a cursor: states, log, end.
   * @param {{after?: string, logs?: boolean, log_tail?: number}} [params]
   * @param {{signal?: AbortSignal}} [options]
   */
  events(params, options) {
    return new RunEvents(this.sidecar, { ...this.#named, ...params }, options, (event) => this.#heard(event));
  }

  /**
   * @param {{name?: string}} [params]
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  async metrics(params, options) {
    return (await this.sidecar.call("getMetrics", { ...this.#named, ...params }, options)).metrics;
  }

  /** @param {any} event */
  #heard(event) {
    if (event.run) this.#take(event.run);
    else if (event.type === "state") this.entity = withState(this.entity, event);
  }

  /** @param {any} entity */
  #take(entity) {
    this.entity = entity;
    return this;
  }
}

/**
 * @param {any} entity
 * @param {any} event of a state
 */
function withState(entity, { state, message, reason, exit_code: exitCode }) {
  const status = { ...entity.status, state, message, reason, exit_code: exitCode };
  for (const name of ["message", "reason", "exit_code"]) if (status[name] === undefined) delete status[name];
  return { ...entity, status };
}
