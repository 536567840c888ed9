import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BinaryNotFoundError } from "./errors.js";

const NAME = "dh-sidecar";
const OWN = fileURLToPath(new URL(`../bin/${NAME}`, import.meta.url));

/**
 * The program to start: the option `binary`, DH_SIDECAR_BIN, this package's own, the first on PATH. Of the first two,
 * one that is given and can't be used is an error, not a reason to look further.
 *
 * @param {{binary?: string, env: Record<string, string | undefined>}} options
 * @returns {string} its absolute path
 */
export function findBinary({ binary, env }) {
  for (const [place, path] of [["the option `binary`", binary], ["DH_SIDECAR_BIN", env.DH_SIDECAR_BIN]]) {
    if (!path) continue;
    const outcome = fault(path);
    if (outcome) throw new BinaryNotFoundError([{ place: `${place} (${path})`, outcome }]);
    return resolve(path);
  }
  const looked = [{ place: `the package (${OWN})`, outcome: fault(OWN) }];
  if (!looked[0].outcome) return OWN;
  if (!env.DH_SIDECAR_BIN) looked.unshift({ place: "DH_SIDECAR_BIN", outcome: "not set" });
  for (const folder of new Set((env.PATH ?? "").split(delimiter))) {
    // An empty or relative entry would be the current folder: no place to start programs from.
    if (!isAbsolute(folder)) continue;
    const path = join(folder, NAME);
    const outcome = fault(path);
    if (!outcome) return path;
    looked.push({ place: `PATH (${path})`, outcome });
  }
  throw new BinaryNotFoundError(looked);
}

/**
 * @param {string} path
 * @returns {string} why it can't be started; empty where it can
 */
function fault(path) {
  try {
    if (!statSync(path).isFile()) return "is no file";
    accessSync(path, constants.X_OK);
    return "";
  } catch (error) {
    return error.code === "ENOENT" ? "is not there" : error.code === "EACCES" ? "may not be executed" : error.message;
  }
}
