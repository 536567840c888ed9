/** The package as it is installed. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { installed } from "./installed.mjs";

test("a .vsix has what the editor asks for", (t) => {
  const { folder, extension } = installed(t);
  const text = (name) => readFileSync(join(folder, name), "utf8");
  const manifest = text("extension.vsixmanifest");
  const description = JSON.parse(readFileSync(join(extension, "package.json"), "utf8"));
  const { name, version, publisher } = description;
  assert.ok(manifest.includes(`Id="${name}" Version="${version}" Publisher="${publisher}"`), manifest);
  assert.match(manifest, new RegExp(`"Microsoft.VisualStudio.Code.Engine" Value="\\${description.engines.vscode}"`));
  for (const [, path] of manifest.matchAll(/<Asset [^>]*Path="([^"]+)"/g)) {
    assert.ok(existsSync(join(folder, path)), path);
  }
  assert.ok(existsSync(join(folder, manifest.match(/<License>([^<]+)</)[1])));
  // Well-formed, and every file of a declared type.
  const check = "import sys, xml.dom.minidom as m; [m.parse(p) for p in sys.argv[1:]]";
  execFileSync("python3", ["-c", check, join(folder, "extension.vsixmanifest"), join(folder, "[Content_Types].xml")]);
  const types = [...text("[Content_Types].xml").matchAll(/Extension="(\.\w+)"/g)].map(([, name]) => name);
  const files = execFileSync("find", [extension, "-type", "f"], { encoding: "utf8" }).trim().split("\n");
  for (const file of files) assert.ok(types.includes(/\.\w+$/.exec(file)[0]), file);
});

test("what package.json names is there", (t) => {
  const { extension } = installed(t);
  const { main, contributes } = JSON.parse(readFileSync(join(extension, "package.json"), "utf8"));
  const named = [main, contributes.viewsContainers.activitybar[0].icon,
    ...[...contributes.jsonValidation, ...contributes.yamlValidation].map(({ url }) => url)];
  for (const path of named) assert.ok(existsSync(join(extension, path)), path);
  const schema = JSON.parse(readFileSync(join(extension, contributes.jsonValidation[0].url), "utf8"));
  // The editor's JSON service knows this dialect whole.
  assert.match(schema.$schema, /draft-07/);
  assert.ok(schema.properties.function && schema.properties.runs);
  const commands = contributes.commands.map(({ command }) => command);
  const used = Object.values(contributes.menus).flat().map(({ command }) => command);
  for (const command of used) assert.ok(commands.includes(command), command);
});

test("the same files make the same package", (t) => {
  const [one, two] = [installed(t), installed(t)].map(({ vsix }) => readFileSync(vsix));
  assert.deepEqual(one, two);
});
