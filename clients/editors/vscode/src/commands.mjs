import { isContainerFile } from "./container-file.mjs";
import { askForFunction, askForRun, chooseRun } from "./dialogs.mjs";
import { functionName, isActive, runItem } from "./presentation.mjs";

/** The commands, without the editor: `ask` asks, `editor` shows. */
export class Commands {
  /** As package.json names them, behind `dhSidecar.`. */
  names = ["apply", "createFunction", "run", "follow", "stop", "open", "refresh"];

  /**
   * @param {import("./session.mjs").Session} session
   * @param {import("./run-list.mjs").RunList} runs
   * @param {import("./follower.mjs").Follower} follower
   * @param {any} ask
   * @param {any} editor
   */
  constructor(session, runs, follower, ask, editor) {
    Object.assign(this, { session, list: runs, follower, ask, editor });
  }

  /**
   * Makes what a container file says, and follows its runs.
   * @param {any} [uri] of the file; else the one that is being edited
   */
  async apply(uri) {
    const path = await this.editor.file(uri);
    if (!path || !isContainerFile(path)) {
      throw new Error("Open a file named *.container.yaml or *.container.json, then apply it.");
    }
    const { function: made, runs, warnings = [] } = await this.session.use((client) => client.apply({ path }));
    const count = Object.keys(runs).length;
    this.editor.tell(`${made.name}: ${count} ${count === 1 ? "run" : "runs"}` +
      warnings.map(({ message }) => `; ${message}`).join(""));
    for (const run of Object.values(runs)) this.#follow(run);
    return runs;
  }

  /** Asks for a function, and creates it. */
  async createFunction() {
    const params = await askForFunction(this.session, this.ask);
    if (!params) return undefined;
    const made = await this.session.use((client) => client.createFunction(params));
    this.editor.tell(`The function ${made.name} is there: run it.`);
    return made;
  }

  /**
   * Asks how to run a function, runs and follows it.
   * @param {{name: string}} [of] the function
   */
  async run(of) {
    const params = await askForRun(this.session, this.ask, of?.name);
    if (!params) return undefined;
    const run = await this.session.use((client) => client.run(params));
    this.#follow(run);
    return run;
  }

  /**
   * Shows a run's states and log.
   * @param {any} [of] the run, an entity
   */
  async follow(of) {
    const chosen = of ?? await this.#choose(this.list.runs);
    if (!chosen) return undefined;
    const run = await this.session.use((client) => client.getRun(chosen.key));
    this.#follow(run);
    return run;
  }

  /** @param {any} [of] the run, an entity */
  async stop(of) {
    const chosen = of ?? await this.#choose(this.list.runs.filter(isActive));
    if (!chosen) return undefined;
    const run = await this.session.use(async (client) => (await client.getRun(chosen.key)).stop());
    this.list.take(run.entity);
    return run;
  }

  /** @param {any} [of] the run, an entity */
  async open(of) {
    const chosen = of ?? await this.#choose(this.list.runs.filter((run) => isActive(run) && run.status.service?.url));
    if (chosen) await this.editor.open(chosen.status.service.url);
  }

  refresh() {
    return this.list.refresh();
  }

  /** @param {any} run of the client */
  #follow(run) {
    this.list.take(run.entity);
    this.editor.showLog();
    this.follower.follow(run);
  }

  /** @param {any[]} runs */
  #choose(runs) {
    return chooseRun(runs, this.ask, {
      label: (run) => `${functionName(run)} ${runItem(run).label}`, description: (run) => runItem(run).description,
    });
  }
}
