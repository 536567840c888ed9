import { spawn } from "node:child_process";
import { BinaryNotFoundError, ProcessLostError } from "./errors.js";
import { Lines } from "./lines.js";

const STDERR_LINES = 20;
const STDERR_LINE_LENGTH = 2000;
// How long what is left in the pipes is waited for once the process is gone: a child of its own may hold them open.
const DRAIN_MS = 300;

/** The process: its pipes as lines, the last it said on stderr, and how it ended. */
export class Child {
  /**
   * @param {{
   *   path: string, args: string[], cwd?: string, env: Record<string, string | undefined>,
   *   onLine: (line: string) => void, onStderr?: (line: string) => void, onEnd: (error: Error) => void,
   * }} options
   */
  constructor({ path, args, cwd, env, onLine, onStderr, onEnd }) {
    this.path = path;
    this.onEnd = onEnd;
    /** @type {string[]} */
    this.lastLines = [];
    this.stderr = new Lines((line) => {
      this.remember(line);
      onStderr?.(line);
    });
    this.gone = new Promise((resolve) => (this.resolveGone = resolve));
    this.exit = { exitCode: null, signal: null };
    // In a session of its own, so that Ctrl-C in a terminal is the program's alone: it may still stop its runs then.
    // The process leaves by the end of its stdin, so it outlives nobody.
    this.process = spawn(path, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], detached: true });
    const { stdin, stdout, stderr } = this.process;
    this.process.on("error", (error) => this.end(this.process.pid ? error : startFault(path, error)));
    this.process.on("exit", (exitCode, signal) => {
      this.exit = { exitCode, signal };
      this.drain = setTimeout(() => this.end(), DRAIN_MS);
    });
    this.process.on("close", () => this.end());
    const lines = new Lines(onLine);
    stdout?.on("data", (chunk) => lines.push(chunk));
    stderr?.on("data", (chunk) => this.stderr.push(chunk));
    // A write to a process that is gone: how it ended is told by `exit`, unless it lives on without reading.
    stdin?.on("error", () => {
      if (!this.ended) this.deaf ??= setTimeout(() => this.process.kill("SIGKILL"), DRAIN_MS);
    });
    this.hold(false);
  }

  /** @param {string} line */
  remember(line) {
    this.lastLines.push(line.slice(0, STDERR_LINE_LENGTH));
    if (this.lastLines.length > STDERR_LINES) this.lastLines.shift();
  }

  get pid() {
    return this.process.pid;
  }

  /**
   * One message. What is written in one turn of the event loop leaves in one go.
   * @param {string} message
   */
  write(message) {
    const { stdin } = this.process;
    if (!stdin.writableCorked) {
      stdin.cork();
      process.nextTick(() => stdin.uncork());
    }
    stdin.write(message + "\n");
  }

  /**
   * Whether the process keeps the program alive.
   * @param {boolean} held
   */
  hold(held) {
    if (this.ended) return;
    const change = held ? "ref" : "unref";
    for (const part of [this.process, this.process.stdin, this.process.stdout, this.process.stderr]) part?.[change]?.();
  }

  /** @param {boolean} paused whether its stdout is left unread, so that it waits */
  pause(paused) {
    if (this.ended || this.process.stdout.isPaused() === paused) return;
    if (paused) this.process.stdout.pause();
    else this.process.stdout.resume();
  }

  /** The end of its stdin, at which it leaves by itself; where it doesn't, it is ended. */
  async leave(milliseconds) {
    this.hold(true);
    this.process.stdin.end();
    // What is still in the pipe would keep it from leaving.
    this.process.stdout.resume();
    const terminate = setTimeout(() => this.process.kill("SIGTERM"), milliseconds);
    const kill = setTimeout(() => this.process.kill("SIGKILL"), 2 * milliseconds);
    await this.gone;
    clearTimeout(terminate);
    clearTimeout(kill);
  }

  /** @param {Error} [error] what is known better than by the exit code */
  end(error) {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.drain);
    clearTimeout(this.deaf);
    const rest = this.stderr.rest();
    if (rest) this.remember(rest);
    for (const pipe of [this.process.stdin, this.process.stdout, this.process.stderr]) pipe?.destroy();
    const stderr = this.lastLines.join("\n");
    this.onEnd(error instanceof BinaryNotFoundError ? error
      : new ProcessLostError(this.path, { ...this.exit, stderr, cause: error }));
    this.resolveGone();
  }
}

/**
 * @param {string} path
 * @param {NodeJS.ErrnoException} error
 */
function startFault(path, error) {
  const outcome = { ENOENT: "is not there, or its folder to start in is not", EACCES: "may not be executed",
    ENOEXEC: "is no program of this machine" }[error.code] ?? error.message;
  return new BinaryNotFoundError([{ place: path, outcome }], { cause: error });
}
