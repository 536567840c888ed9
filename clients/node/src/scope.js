import { ContainerFunction } from "./container-function.js";
import { Run } from "./run.js";

/** Where functions and runs are: a project, or the sidecar's own choice of one. */
export class Scope {
  /**
   * @param {import("./sidecar.js").Sidecar} sidecar
   * @param {string} [project]
   */
  constructor(sidecar, project) {
    this.sidecar = sidecar;
    /** @type {{project?: string}} What calls say of the project. */
    this.scope = project === undefined ? {} : { project };
  }

  /**
   * @param {object} params as of `createFunction`
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  async createFunction(params, options) {
    return this.#function(await this.#call("createFunction", params, options));
  }

  /**
   * @param {string} name its name (then the latest version), id or key
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  async getFunction(name, options) {
    return this.#function(await this.#call("getFunction", { function: name }, options));
  }

  /**
   * @param {object} [params] as of `listFunctions`
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  functions(params, options) {
    return this.#pages("listFunctions", params, options, (entity) => this.#function(entity));
  }

  /**
   * @param {object} params as of `run`
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  async run(params, options) {
    return this.#run(await this.#call("run", params, options));
  }

  /**
   * @param {string} id its id or key
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  async getRun(id, options) {
    return this.#run(await this.#call("getRun", { id }, options));
  }

  /**
   * @param {object} [params] as of `listRuns`
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  runs(params, options) {
    return this.#pages("listRuns", params, options, (entity) => this.#run(entity));
  }

  /**
   * What a file `*.container.yaml` or `*.container.json` says: `path`, or the `text` itself.
   * @param {{path: string} | {text: string}} params
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  async apply(params, options) {
    const applied = await this.#call("apply", params, options);
    const runs = Object.entries(applied.runs ?? {}).map(([name, run]) => [name, this.#run(run)]);
    return { ...applied, function: this.#function(applied.function), runs: Object.fromEntries(runs) };
  }

  /**
   * @param {string} name
   * @param {string} value
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  setSecret(name, value, options) {
    return this.#call("setSecret", { name, value }, options);
  }

  /** @param {import("./index.d.ts").CallOptions} [options] */
  secrets(options) {
    return this.#pages("listSecrets", {}, options, (entity) => entity);
  }

  /**
   * @param {string} name
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  deleteSecret(name, options) {
    return this.#call("deleteSecret", { name }, options);
  }

  /**
   * @param {string} method
   * @param {object} [params]
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  #call(method, params, options) {
    return this.sidecar.call(method, { ...this.scope, ...params }, options);
  }

  /** All entities of a list, page after page. */
  async *#pages(method, params, options, make) {
    let cursor;
    do {
      const page = await this.#call(method, { ...params, ...(cursor && { cursor }) }, options);
      for (const entity of page.items) yield make(entity);
      cursor = page.next_cursor;
    } while (cursor);
  }

  /** @param {any} entity */
  #function(entity) {
    return new ContainerFunction(this.sidecar, entity);
  }

  /** @param {any} entity */
  #run(entity) {
    return new Run(this.sidecar, entity);
  }
}
