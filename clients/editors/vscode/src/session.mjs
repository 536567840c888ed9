import { connect } from "./client.mjs";

/** The process dh-sidecar of this window: started at the first use, and again after it was lost. */
export class Session {
  /** @type {Promise<any> | undefined} */
  #client;
  #settings;
  #log;

  /**
   * @param {() => {binary?: string, platform?: string, project?: string, cwd?: string}} settings as they are now
   * @param {(line: string) => void} log is given what the process logs
   */
  constructor(settings, log) {
    this.#settings = settings;
    this.#log = log;
  }

  /** @returns {Promise<any>} the client */
  client() {
    this.#client ??= this.#start();
    return this.#client;
  }

  async #start() {
    const { binary, platform, project, cwd } = this.#settings();
    try {
      return await connect({
        binary: binary || undefined, platform: platform || undefined, project: project || undefined, cwd,
        onStderr: this.#log,
      });
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
  }

  /**
   * Does something with the client. Where its process is gone, the next one starts another.
   * @template R
   * @param {(client: any) => Promise<R>} action
   * @returns {Promise<R>}
   */
  async use(action) {
    const mine = this.client();
    try {
      return await action(await mine);
    } catch (error) {
      if (error.code === "process_lost" && this.#client === mine) this.#client = undefined;
      throw error;
    }
  }

  /** Ends the process, such as when the settings have changed. Runs live on. */
  async end() {
    const client = this.#client;
    this.#client = undefined;
    await (await client?.catch(() => undefined))?.close();
  }
}
