// Waits in a call that does not end by itself. With "again", Ctrl-C makes it call something else and close.
import { connect } from "../../src/index.js";

const client = await connect();
const fn = await client.createFunction({ name: "waits", kind: "container", image: process.env.DH_TEST_IMAGE });
const run = await fn.run({ action: "job", command: "sleep", args: ["60"] });
const ended = new AbortController();
if (process.argv[2] === "again") process.once("SIGINT", () => ended.abort(new Error("Ctrl-C")));
await run.wait({ until: "running" });
console.log(JSON.stringify({ pid: client.sidecar.pid, run: run.id }));
await run.wait({}, { signal: ended.signal }).catch((error) => console.log(JSON.stringify(error.message)));
await run.stop({ grace_seconds: 0 });
await run.wait();
console.log(JSON.stringify(run.state));
await client.close();
