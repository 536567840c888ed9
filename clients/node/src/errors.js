/** What can go wrong, one class each. `code` is a stable string, on every one of them. */

export class SidecarError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }

  get name() {
    return this.constructor.name;
  }
}

/** There is no `dh-sidecar` to start. `looked` lists where it was looked for. */
export class BinaryNotFoundError extends SidecarError {
  /**
   * @param {{place: string, outcome: string}[]} looked
   * @param {ErrorOptions} [options]
   */
  constructor(looked, options) {
    const list = looked.map(({ place, outcome }) => `  ${place}: ${outcome}`).join("\n");
    super(
      "binary_not_found",
      `There is no dh-sidecar to start. Looked at\n${list}\n` +
        "Build it (clients/shell/quickstart in the project's clone does, and says where it is), then put it on PATH, " +
        "or name it in DH_SIDECAR_BIN or in the option `binary`.",
      options,
    );
    this.looked = looked;
  }
}

/** What was started speaks another protocol, or is no dh-sidecar at all. */
export class IncompatibleError extends SidecarError {
  /** @param {string} message */
  constructor(message) {
    super("incompatible", message);
  }
}

/** The process did not answer in time when it was started. */
export class StartTimeoutError extends SidecarError {
  /** @param {string} message */
  constructor(message) {
    super("start_timeout", message);
  }
}

/** An answer of dh-sidecar that is an error. */
export class CallError extends SidecarError {
  /**
   * @param {string} method
   * @param {{code: number, message: string, data?: Record<string, any>}} error as it came
   */
  constructor(method, { code, message, data }) {
    const faults = data?.errors ?? [];
    const told = faults.length > 1 ? [`${faults.length} faults in the params`, ...faults.map(describe)]
      : [message, data?.hint && `  ${data.hint}`];
    super(data?.code ?? "error", `${method}: ${told.filter(Boolean).join("\n")}`);
    this.method = method;
    /** The error's message as it came. */
    this.reason = message;
    /** JSON-RPC's number of it. */
    this.number = code;
    this.data = data;
    this.retryable = data?.retryable === true;
    /** Of faulty params: every fault, as {pointer, rule, message, hint}. */
    this.errors = faults;
  }
}

/** The process is gone. `stderr` holds the last lines that it wrote there. */
export class ProcessLostError extends SidecarError {
  /**
   * @param {string} path
   * @param {{exitCode: number | null, signal: string | null, stderr: string, cause?: Error}} end
   */
  constructor(path, { exitCode, signal, stderr, cause }) {
    const how = signal ? `was ended by ${signal}` : exitCode === null ? "was lost" : `ended with exit code ${exitCode}`;
    const said = stderr ? `; its last words:\n${stderr}` : "";
    super("process_lost", `${path} ${how}${cause ? ` (${cause.message})` : ""}${said}`, cause && { cause });
    this.exitCode = exitCode;
    this.signal = signal;
    this.stderr = stderr;
  }
}

/** The client was closed. */
export class ClosedError extends SidecarError {
  /** @param {string} method */
  constructor(method) {
    super("closed", `${method}: this client is closed`);
  }
}

/** A call took longer than its `timeoutMs`; it was cancelled. */
export class CallTimeoutError extends SidecarError {
  /**
   * @param {string} method
   * @param {number} milliseconds
   */
  constructor(method, milliseconds) {
    super("timed_out", `${method}: no answer within ${milliseconds} ms; the call was cancelled`);
  }
}

/** @param {{pointer?: string, message?: string, hint?: string}} fault */
function describe({ pointer, message, hint }) {
  return `  ${pointer ? `${pointer}: ` : ""}${message ?? ""}${hint ? ` (${hint})` : ""}`;
}
