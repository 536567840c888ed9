/** Container files in the editor: which they are, and what is wrong with them. */

const NAME = /\.container\.(json|ya?ml)$/;

/** @param {string} path */
export const isContainerFile = (path) => NAME.test(path);

/**
 * What the check of a container file found, as ranges of its text.
 * @param {string} text
 * @param {{errors: any[], warnings: any[]}} validation as `validate` answers
 * @returns {{
 *   line: number, start: number, end: number, message: string, severity: "error" | "warning", rule?: string,
 * }[]} counted from 0
 */
export function problems(text, { errors = [], warnings = [] }) {
  const lines = text.split(/\r?\n/);
  const place = ({ line = 1, column = 1 }) => {
    const row = Math.min(line, lines.length) - 1;
    const start = Math.min(column - 1, lines[row].length);
    // To the end of the word that begins there; a key with its value where it is one.
    const end = start + (/^[^\s,}\]]+/.exec(lines[row].slice(start))?.[0].length ?? 0);
    return { line: row, start, end };
  };
  return [
    ...errors.map((fault) => ({
      ...place(fault), severity: "error", rule: fault.rule,
      message: `${fault.message}${fault.hint ? ` ${fault.hint}` : ""}`,
    })),
    ...warnings.map((warning) => ({
      ...place(warning), severity: "warning", rule: warning.code, message: warning.message,
    })),
  ];
}

/**
 * @param {import("./session.mjs").Session} session
 * @param {string} text
 */
export async function check(session, text) {
  return problems(text, await session.use((client) => client.rpc.validate({ method: "apply", params: { text } })));
}
