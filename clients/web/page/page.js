import { call, SidecarError } from "./sidecar.js";
import { Form } from "./form.js";

const at = (id) => document.getElementById(id);
const methods = { function: "createFunction" };
const methodOf = (name) => methods[name] ?? (name.startsWith("run.") ? "run" : name.replace("methods/", ""));
const terminal = ["COMPLETED", "ERROR", "STOPPED", "DELETED"];
let form = null;
let watched = null;

function show(text, isError = false) {
  at("notice").textContent = text;
  at("notice").className = isError ? "error" : "";
}

function showFaults(faults) {
  at("faults").replaceChildren(...faults.map(({ pointer, message, hint }) => {
    const item = document.createElement("li");
    item.textContent = [pointer && `${pointer}: ${message}`, hint].filter(Boolean).join(" ");
    return item;
  }));
}

function showError(error) {
  showFaults(error instanceof SidecarError ? error.data.errors ?? [] : []);
  show([error.message, error.data?.hint].filter(Boolean).join(" "), true);
  at("answer").textContent = JSON.stringify({ code: error.code, message: error.message, data: error.data }, null, 2);
}

async function choose() {
  const name = at("choice").value;
  const [schema, hints] = await Promise.all(
    [`forms/${name}`, `ui/react-jsonschema-form/${name}`].map((document) => call("getSchema", { name: document })),
  );
  if (at("choice").value !== name) return; // Another one was chosen meanwhile.
  form?.destroy();
  form = new Form(at("form"), schema, hints);
  at("form").dataset.shown = name;
  show("");
  showFaults([]);
}

/** The form's params where nothing is wrong with them; else null, and the faults are shown. */
async function checked() {
  const { params, faults } = form.read();
  at("call").textContent = JSON.stringify({ method: methodOf(at("choice").value), params }, (name, value) =>
    name === "value" && at("choice").value === "methods/setSecret" ? "…" : value, 2);
  if (faults.length) {
    const pointer = (path) => path.replace(/^root\.?/, "/").replaceAll(".", "/");
    showFaults(faults.map(({ path, message }) => ({ pointer: pointer(path), message })));
    show("The form is not complete.", true);
    return null;
  }
  const verdict = await call("validate", { method: methodOf(at("choice").value), params });
  showFaults([...verdict.errors, ...verdict.warnings]);
  show(verdict.valid ? "Nothing is wrong with it." : "These parameters are refused.", !verdict.valid);
  return verdict.valid ? params : null;
}

async function send() {
  const name = at("choice").value;
  const params = await checked();
  if (!params) return;
  // With a key of its own, a run that is sent twice for a broken connection is one run.
  const key = name.startsWith("run.") ? { idempotency_key: params.idempotency_key ?? crypto.randomUUID() } : {};
  const entity = await call(methodOf(name), { ...params, ...key });
  at("answer").textContent = JSON.stringify(entity, null, 2);
  show(name.startsWith("run.") ? "The run has been made." : `${params.name} is kept.`);
  if (name.startsWith("run.")) await watch(entity);
}

/** Shows the run until it is over, or another one is watched. */
async function watch(run) {
  watched = run.id;
  at("run").hidden = false;
  at("run-id").textContent = run.id;
  at("run-log").textContent = "";
  let cursor;
  for (;;) {
    showRun(run);
    const isOver = terminal.includes(run.status.state);
    const start = cursor ? { after: cursor } : { tail: 200 };
    const log = await call("getRunLogs", { id: run.id, project: run.project, ...start });
    if (watched !== run.id) return;
    cursor = log.cursor ?? cursor;
    at("run-log").textContent += log.entries.map((entry) => entry.text + "\n").join("");
    if (isOver) return;
    const wait = { id: run.id, project: run.project, until: "terminal", timeout_seconds: 1 };
    run = await call("waitRun", wait);
    if (watched !== run.id) return;
  }
}

function showRun({ status }) {
  at("run-state").textContent = status.state;
  at("run-message").textContent = [status.reason, status.message].filter(Boolean).join(": ");
  at("stop").hidden = terminal.includes(status.state);
  const urls = status.service?.urls ?? [status.service?.url].filter(Boolean);
  if (at("run-links").dataset.urls === urls.join(" ")) return;
  at("run-links").dataset.urls = urls.join(" ");
  at("run-links").replaceChildren(...urls.filter((url) => /^https?:/.test(url)).map((url) => {
    const link = document.createElement("a");
    Object.assign(link, { href: url, textContent: url, target: "_blank", rel: "noopener noreferrer" });
    return link;
  }));
}

/** Runs the handler with the page's buttons out of reach, and shows what goes wrong. */
function guarded(handler, ...buttons) {
  return async () => {
    for (const button of buttons) button.disabled = true;
    try {
      await handler();
    } catch (error) {
      showError(error);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  };
}

at("choice").addEventListener("change", guarded(choose));
at("check").addEventListener("click", guarded(checked, at("check")));
at("send").addEventListener("click", guarded(send));
at("stop").addEventListener("click", guarded(() => call("stopRun", { id: watched }), at("stop")));
guarded(choose)();
