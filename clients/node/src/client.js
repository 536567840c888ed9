import { Project } from "./project.js";
import { Scope } from "./scope.js";
import { Sidecar } from "./sidecar.js";

/** A process `dh-sidecar`, and functions and runs as objects. Without a project, calls leave the choice to it. */
export class Client extends Scope {
  /** @param {Sidecar} sidecar */
  constructor(sidecar) {
    super(sidecar);
    /** Every method as it is on the wire: `client.rpc.getCapabilities()`. */
    this.rpc = new Proxy({}, {
      // Not `then`: it would make a promise of it.
      get: (_, method) => typeof method === "string" && method !== "then"
        ? (params, options) => sidecar.call(method, params, options) : undefined,
    });
  }

  /** What `initialize` answered. */
  get server() {
    return this.sidecar.server;
  }

  /**
   * @param {string | {name: string, description?: string, labels?: string[]}} params
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  async getOrCreateProject(params, options) {
    const named = typeof params === "string" ? { name: params } : params;
    return new Project(this.sidecar, await this.sidecar.call("getOrCreateProject", named, options));
  }

  /**
   * @param {string} name
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  async getProject(name, options) {
    return new Project(this.sidecar, await this.sidecar.call("getProject", { name }, options));
  }

  /** Ends the process; runs live on. */
  close() {
    return this.sidecar.close();
  }
}

/**
 * Starts `dh-sidecar`.
 * @param {import("./index.d.ts").StartOptions} [options]
 */
export async function connect(options) {
  return new Client(await Sidecar.start(options));
}
