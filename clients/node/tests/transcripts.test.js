/** The conversations that every client's tests replay. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { play } from "./transcript.js";

const CORPUS = fileURLToPath(new URL("../../transcripts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "dh-transcripts."));
after(() => rmSync(folder, { recursive: true }));

for (const file of readdirSync(CORPUS).filter((name) => name.endsWith(".json"))) {
  const path = join(CORPUS, file);
  const transcript = JSON.parse(readFileSync(path, "utf8"));
  if (transcript.only && !transcript.only.includes("node")) continue;
  test(`transcript ${file}: ${transcript.title}`, async () => {
    const report = join(folder, `${file}.report`);
    await play(transcript, {
      binary: join(CORPUS, "replay"),
      env: { DH_TRANSCRIPT: path, DH_TRANSCRIPT_REPORT: report },
    });
    assert.equal(readFileSync(report, "utf8").trim(), "ok");
  });
}
