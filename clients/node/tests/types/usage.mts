// Compiled, never run: what the types allow, and what they refuse.
import { CallError, connect, ProcessLostError, Sidecar, type ContainerFunction, type Run, type wire } from "dh-sidecar";

const client = await connect({
  platform: "local", project: "p", env: { X: undefined }, onStderr: (line) => line.length,
});
const project = await client.getOrCreateProject("p");
const fn: ContainerFunction = await project.createFunction({
  name: "hello", kind: "container", image: "busybox", image_pull_policy: "IfNotPresent", labels: ["a"],
});
const run: Run = await fn.run({ action: "job", args: ["-c", "true"] }, { signal: new AbortController().signal });
await run.wait({ timeout_seconds: 60 }, { onProgress: ({ message, done }) => `${message} ${done}` });
const state: string = run.state;
const url: string | undefined = run.status.service?.url;
for await (const event of run.events({ after: "cursor", log_tail: 10 })) {
  if (event.type === "log") event.text.trim();
  else if (event.type === "end") event.run?.status.state;
  else event.state.trim();
}
for await (const each of project.runs({ state: ["RUNNING"] })) await each.stop();
const entries: wire.LogEntry[] = await run.logs();
const { actions } = await client.rpc.getCapabilities();
const page: wire.RunList = await client.rpc.listRuns({ project: "p", limit: 10 });
await client.sidecar.call("getRun", { id: run.id });
const unknown: unknown = await client.sidecar.call("of.tomorrow", { x: 1 });
const raw = await Sidecar.start();
const subscription = await raw.subscribe({ id: run.id });
await subscription.unsubscribe();
await fn.run({ action: "serve", service_ports: [{ port: 80, targetPort: 8080 }], service_type: "NodePort" });
await fn.run({ action: "deploy", volumes: [{ name: "data", mountPath: "/data" }], replicas: 3 });
try {
  await client.close();
} catch (error) {
  if (error instanceof CallError) error.errors.map(({ pointer, hint }) => pointer + (hint ?? ""));
  if (error instanceof ProcessLostError) error.stderr.trim();
}

// @ts-expect-error: a parameter of another action
await fn.run({ action: "job", replicas: 2 });
// @ts-expect-error: no such action
await fn.run({ action: "dance" });
// @ts-expect-error: kind is missing
await project.createFunction({ name: "hello" });
// @ts-expect-error: id is missing
await client.rpc.getRun();
// @ts-expect-error: no such method
await client.rpc.getRnu({ id: "1" });
// @ts-expect-error: id is missing
await client.sidecar.call("getRun", {});
// @ts-expect-error: what was started is made by connect
new Sidecar();

export { state, url, entries, actions, page, unknown };
