import { isActive } from "./presentation.mjs";

const SHOWN = 100;

/** The newest runs of the project. Those that go on are subscribed to, so that their states are live. */
export class RunList {
  /** @type {Map<string, any>} By id, newest first. */
  #runs = new Map();
  /** @type {Map<string, any>} Subscriptions, by the run's id. */
  #events = new Map();
  #session;
  #changed;
  #ended = false;

  /**
   * @param {import("./session.mjs").Session} session
   * @param {(run?: any) => void} changed is called when a run has changed, without one when the list has
   */
  constructor(session, changed) {
    this.#session = session;
    this.#changed = changed;
  }

  /** Entities, newest first. */
  get runs() {
    return [...this.#runs.values()];
  }

  /** Reads the list anew. */
  async refresh() {
    const page = await this.#session.use((client) => client.rpc.listRuns({ limit: SHOWN }));
    this.#runs = new Map(page.items.map((run) => [run.id, run]));
    for (const id of [...this.#events.keys()]) if (!this.#runs.has(id)) this.#forget(id);
    this.#changed();
    for (const run of page.items) this.#watch(run);
  }

  /**
   * A run that has just been made, or was read.
   * @param {any} run an entity
   */
  take(run) {
    const isNew = !this.#runs.has(run.id);
    this.#runs = isNew ? new Map([[run.id, run], ...this.#runs]) : this.#runs.set(run.id, run);
    if (run.status.state === "DELETED") this.#runs.delete(run.id);
    this.#changed(isNew || run.status.state === "DELETED" ? undefined : run);
    this.#watch(run);
  }

  /** @param {any} run */
  async #watch(run) {
    if (this.#ended || !isActive(run) || this.#events.has(run.id)) return;
    this.#events.set(run.id, undefined);
    try {
      const handle = await this.#session.use((client) => client.getRun(run.key));
      if (this.#ended || !this.#events.has(run.id)) return;
      const events = handle.events({ logs: false });
      this.#events.set(run.id, events);
      for await (const event of events) {
        // A state tells of itself only: the URL of a service, a built image are read with the run.
        if (event.type === "state") await handle.refresh();
        if (this.#events.get(run.id) !== events) break;
        this.take(handle.entity);
      }
    } catch {
      // The process is gone, or the run: the next refresh shows what is there.
    } finally {
      this.#events.delete(run.id);
    }
  }

  /** @param {string} id */
  #forget(id) {
    this.#events.get(id)?.unsubscribe().catch(() => {});
    this.#events.delete(id);
  }

  end() {
    this.#ended = true;
    for (const id of [...this.#events.keys()]) this.#forget(id);
  }
}
