export { connect, Client } from "./client.js";
export { ContainerFunction } from "./container-function.js";
export {
  BinaryNotFoundError, CallError, CallTimeoutError, ClosedError, IncompatibleError, ProcessLostError, SidecarError,
  StartTimeoutError,
} from "./errors.js";
export { Project } from "./project.js";
export { Run } from "./run.js";
export { RunEvents } from "./run-events.js";
export { Sidecar } from "./sidecar.js";
