/** How functions and runs look in the tree. */

const FINAL = new Set(["COMPLETED", "ERROR", "STOPPED", "DELETED"]);
const ICONS = {
  CREATED: "circle-outline", BUILT: "circle-outline", READY: "circle-outline", PENDING: "loading~spin",
  RUNNING: "vm-running", COMPLETED: "pass", ERROR: "error", STOP: "debug-stop", STOPPED: "debug-pause",
  RESUME: "loading~spin", DELETING: "trash", DELETED: "trash",
};

/** Whether something may still happen to a run. A state that is not known may go on. */
export const isActive = (run) => !FINAL.has(run.status.state);

/** The name in a key such as `container://project/name:id`. */
export const functionName = (run) => /\/([^/:]+):[^:/]+$/.exec(run.spec.function ?? "")?.[1] ?? run.spec.function ?? "";

export const actionOf = (run) => run.spec.action ?? /\+(\w+)/.exec(run.kind)?.[1] ?? "run";

/** @param {any} run an entity */
export function runItem(run) {
  const { state, message, reason, exit_code: exitCode, service, warnings = [] } = run.status;
  const url = service?.url;
  const why = message ?? reason;
  return {
    id: run.id,
    label: `${actionOf(run)} ${run.id.slice(0, 8)}`,
    description: [state, url ?? (state === "ERROR" ? why : undefined)].filter(Boolean).join(" · "),
    tooltip: [run.key, `${state}${why ? `: ${why}` : ""}`, exitCode === undefined ? "" : `exit code ${exitCode}`, url,
      ...warnings.map((warning) => `warning: ${warning.message}`)].filter(Boolean).join("\n"),
    icon: ICONS[state] ?? "question",
    contextValue: ["run", isActive(run) && "active", url && isActive(run) && "service"].filter(Boolean).join(" "),
  };
}

/**
 * The tree: functions by name, each with its runs, those first that were run last.
 * @param {any[]} runs newest first
 */
export function byFunction(runs) {
  const functions = new Map();
  for (const run of runs) {
    const name = functionName(run);
    if (!functions.has(name)) functions.set(name, { name, runs: [] });
    functions.get(name).runs.push(run);
  }
  return [...functions.values()];
}

/** @param {{name: string, runs: any[]}} group */
export function functionItem({ name, runs }) {
  const active = runs.filter(isActive).length;
  return { label: name, description: active ? `${active} active` : "", icon: "package", contextValue: "function" };
}
