import { Scope } from "./scope.js";

/** A project: functions and runs are made and found in it. */
export class Project extends Scope {
  /**
   * @param {import("./sidecar.js").Sidecar} sidecar
   * @param {any} entity
   */
  constructor(sidecar, entity) {
    super(sidecar, entity.name);
    /** The project as it came. */
    this.entity = entity;
  }

  get name() {
    return this.entity.name;
  }

  /**
   * @param {{cascade?: boolean}} [params]
   * @param {import("./index.d.ts").CallOptions} [options]
   */
  delete(params, options) {
    return this.sidecar.call("deleteProject", { name: this.name, ...params }, options);
  }

  toJSON() {
    return this.entity;
  }
}
