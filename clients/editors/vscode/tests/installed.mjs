import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { folderOf } from "../../../node/tests/helpers.js";

/** Makes the .vsix and unpacks it, far from the clone. */
export function installed(t) {
  const folder = folderOf(t);
  const vsix = join(folder, "dh-sidecar.vsix");
  execFileSync(fileURLToPath(new URL("../package", import.meta.url)), [vsix]);
  execFileSync("python3", ["-m", "zipfile", "-e", vsix, folder]);
  return { folder, vsix, extension: join(folder, "extension") };
}
