// Makes one call, and has nothing else to do.
import { connect } from "../../src/index.js";

const client = await connect();
const { platform } = await client.rpc.getCapabilities();
console.log(JSON.stringify({ pid: client.sidecar.pid, platform }));
