/** What project, function and run have in common: an entity as it was last read, and the process that has it. */
export class Entity {
  /**
   * @param {import("./sidecar.js").Sidecar} sidecar
   * @param {any} entity
   */
  constructor(sidecar, entity) {
    this.sidecar = sidecar;
    /** The entity as it came last, in DigitalHub's shape. */
    this.entity = entity;
  }

  get id() {
    return this.entity.id;
  }

  get key() {
    return this.entity.key;
  }

  get kind() {
    return this.entity.kind;
  }

  get name() {
    return this.entity.name;
  }

  get metadata() {
    return this.entity.metadata;
  }

  get spec() {
    return this.entity.spec;
  }

  get status() {
    return this.entity.status;
  }

  toJSON() {
    return this.entity;
  }
}
