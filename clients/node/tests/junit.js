/** A reporter for node's test runner: JUnit XML with one suite, which Node 18 does not have and others can count. */

const escape = (text) => String(text)
  // eslint-disable-next-line no-control-regex
  .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/g, "?")
  .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

function described(error) {
  const cause = error?.cause ?? error;
  return [cause?.stack ?? cause, error !== cause && error?.message].filter(Boolean).join("\n");
}

/** @param {AsyncIterable<{type: string, data: any}>} events */
export default async function* junit(events) {
  const cases = [];
  let failures = 0;
  let skipped = 0;
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    // A suite is what its tests are; of files Node 18 makes tests of their own, which count only where they fail.
    const isGroup = data.details?.type === "suite" || (data.file ?? data.name).endsWith(data.name);
    if (isGroup && type === "test:pass") continue;
    let outcome = "";
    if (data.skip !== undefined) {
      skipped += 1;
      outcome = "<skipped/>";
    } else if (type === "test:fail") {
      failures += 1;
      const text = described(data.details?.error);
      outcome = `<failure message="${escape(text.split("\n")[0])}">${escape(text)}</failure>`;
    }
    const seconds = ((data.details?.duration_ms ?? 0) / 1000).toFixed(3);
    cases.push(`<testcase name="${escape(data.name)}" time="${seconds}">${outcome}</testcase>`);
  }
  yield '<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n';
  yield `<testsuite name="node" tests="${cases.length}" failures="${failures}" skipped="${skipped}">\n`;
  yield `${cases.join("\n")}\n</testsuite>\n</testsuites>\n`;
}
