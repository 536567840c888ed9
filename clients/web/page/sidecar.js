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

/** The result of a call; a SidecarError where it failed. */
export async function call(method, params = {}) {
  const response = await fetch("/call", {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify({ method, params }),
  });
  if (!response.ok) throw new SidecarError({ code: response.status, message: (await response.text()).trim() });
  const { result, error } = await response.json();
  if (error) throw new SidecarError(error);
  return result;
}
