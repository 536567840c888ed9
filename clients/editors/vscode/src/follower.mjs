import { actionOf, functionName } from "./presentation.mjs";

/** Shows what happens to runs, line by line, and each run once however often it is asked for. */
export class Follower {
  /** @type {Map<string, any>} */
  #following = new Map();
  #write;

  /** @param {(line: string) => void} write */
  constructor(write) {
    this.#write = write;
  }

  /**
   * Follows a run to its end.
   * @param {any} run of the client
   * @returns {Promise<void>} at the end of its events
   */
  async follow(run) {
    if (this.#following.has(run.id)) return;
    const name = `${functionName(run)} ${actionOf(run)} ${run.id.slice(0, 8)}`;
    const events = run.events();
    this.#following.set(run.id, events);
    try {
      for await (const event of events) {
        const text = line(event);
        if (text !== undefined) this.#write(`[${name}] ${text}`);
      }
    } catch (error) {
      this.#write(`[${name}] ${error.message}`);
    } finally {
      this.#following.delete(run.id);
    }
  }

  end() {
    for (const events of this.#following.values()) events.unsubscribe().catch(() => {});
  }
}

/** @param {any} event */
function line({ type, text, state, message, exit_code: exitCode, reason }) {
  if (type === "log") return text;
  if (type === "state") return `${state}${message ? `: ${message}` : ""}${exitCode ? ` (exit code ${exitCode})` : ""}`;
  return reason === "finished" ? undefined : `no more is heard of it (${reason})`;
}
