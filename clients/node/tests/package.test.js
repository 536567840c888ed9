/** The package as others get it: installed, compiled against, packed. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { CLONE, folderOf, PACKAGE, withEngine } from "./helpers.js";

const run = promisify(execFile);
// No registry may be asked: where one is, the installation fails.
const NPM = { npm_config_registry: "http://127.0.0.1:9/", npm_config_audit: "false", npm_config_fund: "false",
  npm_config_update_notifier: "false", npm_config_fetch_retries: "0" };

const blocks = (language) => [...readFileSync(join(PACKAGE, "README.md"), "utf8")
  .matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map(([, text]) => text);

test("README.md's first block, from nothing in a new folder", async (t) => {
  const folder = folderOf(t);
  const env = { ...process.env, ...withEngine(t), ...NPM, CLONE, IMAGE: process.env.DH_TEST_IMAGE };
  await run("sh", ["-eu", "-c", blocks("sh")[0]], { cwd: folder, env });
  const there = join(folder, "my-app");
  writeFileSync(join(there, "hello.mjs"), blocks("js")[0]);
  const { stdout } = await run(process.execPath, ["hello.mjs"], { cwd: there, env });
  assert.match(stdout, /^RUNNING$/m);
  assert.match(stdout, /^COMPLETED$/m);
});

test("README.md's other blocks work as printed", async (t) => {
  const folder = folderOf(t);
  const env = { ...process.env, ...withEngine(t), IMAGE: process.env.DH_TEST_IMAGE };
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(PACKAGE.replace(/\/$/, ""), join(folder, "node_modules", "dh-sidecar"));
  const [, ...others] = blocks("js");
  assert.ok(others.length > 0);
  for (const [index, text] of others.entries()) {
    writeFileSync(join(folder, `${index}.mjs`), text);
    await run(process.execPath, [`${index}.mjs`], { cwd: folder, env, timeout: 60_000 });
  }
});

test("the types, by TypeScript without Node's own", async (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(PACKAGE.replace(/\/$/, ""), join(folder, "node_modules", "dh-sidecar"));
  copyFileSync(join(PACKAGE, "tests/types/usage.mts"), join(folder, "usage.mts"));
  const options = ["--lib", "es2022,dom", "--strict", "--noEmit", "--target", "es2022"];
  for (const [file, more] of [["usage.mts", ["--module", "node16", "--moduleResolution", "node16"]],
    [join(PACKAGE, "src/index.d.ts"), []]]) {
    const done = await run("tsc", [...options, ...more, file], { cwd: folder }).catch((error) => error);
    assert.equal(done.stdout, "", "tsc complains");
    assert.equal(done.code, undefined, String(done));
  }
});

test("what index.js exports is what index.d.ts declares", async () => {
  const declared = [...readFileSync(join(PACKAGE, "src/index.d.ts"), "utf8")
    .matchAll(/^export (?:class|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(await import("../src/index.js")).sort(), declared.sort());
});

test("a package that is packed carries the program", async (t) => {
  const folder = folderOf(t);
  cpSync(PACKAGE, join(folder, "source"), { recursive: true });
  // A small program that answers as dh-sidecar does: 100 MB take npm a minute to pack.
  const program = join(CLONE, "clients/transcripts/replay");
  const env = { ...process.env, ...NPM, HOME: folder, DH_SIDECAR_BIN: program };
  await run("npm", ["pack", "--pack-destination", folder], { cwd: join(folder, "source"), env });
  await run("npm", ["init", "-y"], { cwd: folder, env });
  await run("npm", ["install", "--offline", join(folder, "dh-sidecar-0.1.0.tgz")], { cwd: folder, env });
  const text = `import { connect } from "dh-sidecar";
const client = await connect();
console.log(client.sidecar.path);
await client.close();
`;
  writeFileSync(join(folder, "program.mjs"), text);
  const { stdout } = await run(process.execPath, ["program.mjs"], {
    cwd: folder, env: { PATH: process.env.PATH, DH_TRANSCRIPT: join(CLONE, "clients/transcripts/call.json") },
  });
  assert.equal(stdout.trim(), join(folder, "node_modules/dh-sidecar/bin/dh-sidecar"));
  assert.deepEqual(readFileSync(stdout.trim()), readFileSync(program));
});
