import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
export const CLONE = fileURLToPath(new URL("../../..", import.meta.url));

/** A folder of the test's own, gone after it. */
export function folderOf(t) {
  const folder = mkdtempSync(join(tmpdir(), "dh-node."));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The environment of a sidecar with a catalog of its own, and without an engine. */
export function offline(t) {
  const folder = folderOf(t);
  return { ...own(folder), DH_SIDECAR_SOCKET: join(folder, "no.sock") };
}

/** The environment of a sidecar with a catalog of its own, and the lab's Podman. */
export function withEngine(t) {
  return { ...own(folderOf(t)), DH_SIDECAR_SOCKET: process.env.DH_TEST_PODMAN_HOST };
}

function own(folder) {
  return {
    HOME: folder, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder, DH_SIDECAR_CONFIG: undefined,
    DH_SIDECAR_PLATFORM: "local", DH_SIDECAR_PROJECT: undefined, DH_SIDECAR_CATALOG: undefined,
    DHCORE_ENDPOINT: undefined,
  };
}

/**
 * Runs a program to its end.
 * @returns {Promise<{code: number | null, signal: string | null, stdout: string, stderr: string}>}
 */
export async function finished(child) {
  const output = { stdout: "", stderr: "" };
  for (const name of Object.keys(output)) {
    child[name]?.setEncoding("utf8").on("data", (text) => (output[name] += text));
  }
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (...end) => resolve(end));
  });
  return { code, signal, ...output };
}

/** Starts one of the programs of this folder, in a process group of its own, as a shell does. */
export function program(name, { env, args = [] }) {
  const path = fileURLToPath(new URL(`programs/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { env: { ...process.env, ...env }, detached: true });
  const end = finished(child);
  const heard = new Promise((resolve) => child.stdout.once("data", (text) => resolve(JSON.parse(text))));
  return { child, end, heard };
}

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until `check` holds. */
export async function until(check, what, milliseconds = 10_000) {
  const end = Date.now() + milliseconds;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${milliseconds} ms`);
    await sleep(20);
  }
}
