// Calls, by way of the bridge that served this page.

// The token comes in the fragment of the address that the bridge prints. It is kept for this tab alone, and taken out
// of the address, so that no bookmark or screenshot has it.
function takeToken() {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem("token", given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem("token") ?? "";
}

const token = takeToken();

/** An error that dh-sidecar answered, as JSON-RPC has it, or one of the bridge. */
export class SidecarError extends Error {
  constructor({ code, message, data }) {
    super(message);
    this.code = code;
    this.data = data ?? {};
  }
}

const attempts = 10;
const pause = 300;

/** Whether a call that was made twice does what it does once. */
function isRepeatable(method, params) {
  return /^(get|list|wait|validate|stop|setSecret)/.test(method) || Boolean(params.idempotency_key);
}

/** The bridge's response. A browser drops what is under way when the machine's network changes, as it does whenever a
 * container starts. */
async function post(method, params) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetch("/call", {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
        body: JSON.stringify({ method, params }),
      });
    } catch {
      const message = "The bridge does not answer, or the connection to it broke.";
      if (!isRepeatable(method, params)) {
        throw new SidecarError({ message: `${message} Whether ${method} was carried out is not known.` });
      }
      if (attempt === attempts) throw new SidecarError({ message: `${message} Start it again.` });
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** The result of a call; a SidecarError where it failed. */
export async function call(method, params = {}) {
  const response = await post(method, params);
  if (!response.ok) throw new SidecarError({ code: response.status, message: (await response.text()).trim() });
  const { result, error } = await response.json();
  if (error) throw new SidecarError(error);
  return result;
}
