import { Entity } from "./entity.js";
import { Run } from "./run.js";

/** A function: one version of it, as it was last read. */
export class ContainerFunction extends Entity {
  get project() {
    return this.entity.project;
  }

  get #named() {
    return { project: this.project, function: this.id };
  }

  /**
   * Runs this version.
   * @param {object} params as of `run`, without project and function
   * @param {import("./index.d.ts").CallOptions} [options]
   * @returns {Promise<Run>} at once; `wait` waits for it
   */
  async run(params, options) {
    return new Run(this.sidecar, await this.sidecar.call("run", { ...this.#named, ...params }, options));
  }

  /**
   * What `run` would send.
   * @param {object} params as of `renderRun`, without project and function
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  render(params, options) {
    return this.sidecar.call("renderRun", { ...this.#named, ...params }, options);
  }

  /** @param {import("./index.d.ts").CallOptions} [options] */
  async refresh(options) {
    this.entity = await this.sidecar.call("getFunction", this.#named, options);
    return this;
  }

  /**
   * Changes this version in place, by merge patch (RFC 7396).
   * @param {object} params
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  async update(params, options) {
    this.entity = await this.sidecar.call("updateFunction", { ...this.#named, ...params }, options);
    return this;
  }

  /**
   * Deletes this version.
   * @param {{cascade?: boolean}} [params]
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  delete(params, options) {
    return this.sidecar.call("deleteFunction", { ...this.#named, ...params }, options);
  }
}
