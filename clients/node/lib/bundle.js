/**
 * Puts the program into the package, before `npm pack`: DH_SIDECAR_BIN, else the clone's release build. Whoever
 * installs such a package needs nothing else.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const own = (path) => fileURLToPath(new URL(path, import.meta.url));
const binary = process.env.DH_SIDECAR_BIN || own("../../../.build/release/dh-sidecar");
if (!existsSync(binary)) {
  console.error(`${binary} is not there: build it, or name it in DH_SIDECAR_BIN.`);
  process.exit(1);
}
mkdirSync(own("../bin"), { recursive: true });
copyFileSync(binary, own("../bin/dh-sidecar"));
chmodSync(own("../bin/dh-sidecar"), 0o755);
