// The types of this package. Needs no types of Node's: `tsc --lib es2022,dom`.

import type * as wire from "./types.js";

/** Params and results as they are on the wire, generated from the schemas. */
export type { wire };

/** How a call is made. */
export interface CallOptions {
  /** Cancels the call, which then fails with the signal's reason. What it has begun goes on: `stop` ends a run. */
  signal?: AbortSignal;
  /** The call is cancelled after that long, and fails with a CallTimeoutError. */
  timeoutMs?: number;
  /** Is told how far a slow call has come: `run`, `wait`. */
  onProgress?: (progress: wire.Progress) => void;
}

/** How dh-sidecar is started. */
export interface StartOptions {
  /** The program; else DH_SIDECAR_BIN, the package's own bin/dh-sidecar, the first on PATH. */
  binary?: string;
  /** `local`, `core` or `kubernetes`; else what its environment and settings say. */
  platform?: string;
  /** The project of calls that name none. */
  project?: string;
  /** Further words of the command line. */
  args?: string[];
  /** Variables besides those of this program; undefined takes one away. */
  env?: { [name: string]: string | undefined };
  cwd?: string;
  /** Is given each line that it logs. Its last lines are in a ProcessLostError anyway. */
  onStderr?: (line: string) => void;
  /** How long it may take to answer the first call; 20 s unless given. */
  startTimeoutMs?: number;
  /** Gives the start up. */
  signal?: AbortSignal;
}

/** Starts dh-sidecar. */
export function connect(options?: StartOptions): Promise<Client>;

/**
 * One process dh-sidecar and the calls that are under way in it. It keeps the program alive only while somebody waits
 * for an answer or an event.
 */
export class Sidecar {
  private constructor();
  /** Starts the process and greets it. */
  static start(options?: StartOptions): Promise<Sidecar>;
  /** The program that was started. */
  readonly path: string;
  readonly pid: number;
  /** What `initialize` answered. */
  readonly server: wire.Initialized;
  call<M extends wire.MethodName>(
    method: M, ...args: Arguments<wire.Methods[M]["params"]>
  ): Promise<wire.Methods[M]["result"]>;
  /** A method that these types don't know. */
  call<M extends string>(
    method: M extends wire.MethodName ? never : M, params?: object, options?: CallOptions,
  ): Promise<unknown>;
  notify(method: string, params?: object): void;
  /** Subscribes to what happens to a run. */
  subscribe(params: SubscribeParams, options?: { signal?: AbortSignal }): Promise<RunEvents>;
  /** Ends calls that are under way, and the process; the runs live on. */
  close(): Promise<void>;
}

/** Params of `subscribeRun`. */
export interface SubscribeParams extends EventOptions {
  project?: string;
  id: string;
}

/** Which events are wanted. */
export interface EventOptions {
  /** The cursor of an event: only what came after it. */
  after?: string;
  /** Whether the log is wanted too; true unless given. */
  logs?: boolean;
  /** Only the last entries of the log so far, that many. */
  log_tail?: number;
}

/**
 * What happens to a run: its transitions of state, its log and, as the last event, its end. Give it up with
 * `unsubscribe()`, or by leaving the loop; the run goes on.
 */
export class RunEvents implements AsyncIterableIterator<wire.RunEvent> {
  private constructor();
  /** The cursor of the last event that was read: `after` it another subscription goes on. */
  readonly cursor: string | undefined;
  /** The run as it was when its events were subscribed to. */
  readonly run: wire.Run | undefined;
  /** Subscribes; reading does that by itself. */
  start(): Promise<void>;
  next(): Promise<IteratorResult<wire.RunEvent, undefined>>;
  return(value?: undefined): Promise<IteratorResult<wire.RunEvent, undefined>>;
  unsubscribe(): Promise<void>;
  [Symbol.asyncIterator](): this;
}

/** Where functions and runs are: a project, or dh-sidecar's own choice of one. */
declare class Scope {
  createFunction(params: Unscoped<wire.CreateFunctionParams>, options?: CallOptions): Promise<ContainerFunction>;
  /** By its name (then the latest version), id or key. */
  getFunction(name: string, options?: CallOptions): Promise<ContainerFunction>;
  /** All functions, page after page. */
  functions(params?: Unscoped<wire.ListFunctionsParams>, options?: CallOptions): AsyncGenerator<ContainerFunction>;
  run(params: Unscoped<wire.RunParams>, options?: CallOptions): Promise<Run>;
  /** By its id or key. */
  getRun(id: string, options?: CallOptions): Promise<Run>;
  /** All runs, page after page. */
  runs(params?: Unscoped<wire.ListRunsParams>, options?: CallOptions): AsyncGenerator<Run>;
  /** Does what a file `*.container.yaml` or `*.container.json` says. */
  apply(params: { path: string } | { text: string }, options?: CallOptions): Promise<Applied>;
  setSecret(name: string, value: string, options?: CallOptions): Promise<wire.Secret>;
  secrets(options?: CallOptions): AsyncGenerator<wire.Secret>;
  deleteSecret(name: string, options?: CallOptions): Promise<wire.Secret>;
}

/** A process dh-sidecar, and functions and runs as objects. */
export class Client extends Scope {
  private constructor();
  readonly sidecar: Sidecar;
  readonly server: wire.Initialized;
  /** Every method as it is on the wire. */
  readonly rpc: Rpc;
  getOrCreateProject(params: string | wire.GetOrCreateProjectParams, options?: CallOptions): Promise<Project>;
  getProject(name: string, options?: CallOptions): Promise<Project>;
  /** Ends the process; runs live on. */
  close(): Promise<void>;
}

export type Rpc = {
  readonly [M in wire.MethodName]: (
    ...args: Arguments<wire.Methods[M]["params"]>
  ) => Promise<wire.Methods[M]["result"]>;
};

/** A project: functions and runs are made and found in it. */
export class Project extends Scope {
  private constructor();
  readonly name: string;
  readonly entity: wire.Project;
  delete(params?: { cascade?: boolean }, options?: CallOptions): Promise<wire.Project>;
  toJSON(): wire.Project;
}

declare class Entity<E extends wire.Project | wire.Function | wire.Run> {
  /** The entity as it came last. */
  readonly entity: E;
  readonly id: string;
  readonly key: string;
  readonly kind: string;
  readonly name: string;
  readonly project: string;
  readonly metadata: E["metadata"];
  readonly spec: E["spec"];
  readonly status: E["status"];
  toJSON(): E;
}

/** A function: one version of it, as it was last read. */
export class ContainerFunction extends Entity<wire.Function> {
  private constructor();
  /** Runs this version; answers at once. */
  run(params: Action, options?: CallOptions): Promise<Run>;
  /** What `run` would send. */
  render(params: Action, options?: CallOptions): Promise<wire.RenderedRun>;
  refresh(options?: CallOptions): Promise<this>;
  /** Changes this version in place, by merge patch (RFC 7396). */
  update(params: Omit<wire.UpdateFunctionParams, "project" | "function">, options?: CallOptions): Promise<this>;
  delete(params?: { cascade?: boolean }, options?: CallOptions): Promise<wire.DeletedFunctions>;
}

/** An action, and its parameters. */
export type Action =
  | ({ action: "job" } & wire.JobOptions) | ({ action: "serve" } & wire.ServeOptions)
  | ({ action: "build" } & wire.BuildOptions) | ({ action: "deploy" } & wire.DeployOptions);

/** A run, as it was last read. */
export class Run extends Entity<wire.Run> {
  private constructor();
  /** Such as RUNNING. */
  readonly state: string;
  /** Whether the last `wait` ended by its `timeout_seconds`. */
  readonly timedOut: boolean;
  refresh(options?: CallOptions): Promise<this>;
  /** Waits: for the end of a job and a build, until a serve and a deploy run. */
  wait(params?: { timeout_seconds?: number; until?: "running" | "terminal" }, options?: CallOptions): Promise<this>;
  stop(params?: { grace_seconds?: number }, options?: CallOptions): Promise<this>;
  resume(options?: CallOptions): Promise<this>;
  delete(options?: CallOptions): Promise<this>;
  /** The log as it is now, all of it. */
  logs(params?: { tail?: number; since?: string; after?: string }, options?: CallOptions): Promise<wire.LogEntry[]>;
  /** What happens to it, from its beginning or `after` a cursor. Reading keeps `state` up to date. */
  events(params?: EventOptions, options?: { signal?: AbortSignal }): RunEvents;
  metrics(params?: { name?: string }, options?: CallOptions): Promise<wire.Metrics["metrics"]>;
}

/** What `apply` made of a file. */
export interface Applied {
  project: string;
  function: ContainerFunction;
  runs: { [name: string]: Run };
  warnings?: wire.RunWarning[];
}

/** Params may be left out where none is required. */
type Arguments<P> = {} extends P ? [params?: P, options?: CallOptions] : [params: P, options?: CallOptions];

type Unscoped<P> = P extends unknown ? Omit<P, "project"> & { project?: string } : never;

/** What all errors here have: a stable `code`. */
export class SidecarError extends Error {
  readonly code: string;
}

/** There is no dh-sidecar to start. */
export class BinaryNotFoundError extends SidecarError {
  readonly looked: { place: string; outcome: string }[];
}

/** What was started speaks another protocol, or is no dh-sidecar at all. */
export class IncompatibleError extends SidecarError {}

/** The process did not answer in time when it was started. */
export class StartTimeoutError extends SidecarError {}

/** An answer that is an error; `code` is such as `run_not_found`. */
export class CallError extends SidecarError {
  readonly method: string;
  /** The error's message as it came. */
  readonly reason: string;
  /** JSON-RPC's number of it. */
  readonly number: number;
  readonly data: wire.ErrorData | undefined;
  readonly retryable: boolean;
  /** Of faulty params: every fault. */
  readonly errors: wire.Fault[];
}

/** The process is gone. */
export class ProcessLostError extends SidecarError {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last lines that it wrote there. */
  readonly stderr: string;
}

/** The client was closed. */
export class ClosedError extends SidecarError {}

/** A call took longer than its `timeoutMs`; it was cancelled. */
export class CallTimeoutError extends SidecarError {}
