/** @type {WeakMap<AbortSignal, Set<() => void>>} */
const watched = new WeakMap();

/**
 * Calls `action` once when the signal is aborted. However many watch one signal, it has one listener: a thousand calls
 * with the same signal are no leak, and Node must not warn of one.
 *
 * @param {AbortSignal | undefined} signal
 * @param {() => void} action
 * @returns {() => void} ends the watching
 */
export function onAbort(signal, action) {
  if (!signal) return () => {};
  let actions = watched.get(signal);
  if (!actions) {
    actions = new Set();
    watched.set(signal, actions);
    signal.addEventListener("abort", () => [...watched.get(signal)].forEach((each) => each()), { once: true });
  }
  actions.add(action);
  return () => actions.delete(action);
}
