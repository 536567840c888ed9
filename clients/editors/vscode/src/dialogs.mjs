/**
 * What commands ask for, step by step. `ask` is the editor's: `choose(title, items)` and `write(title, {…})` answer
 * with undefined where the question was dismissed.
 */

const ACTIONS = [
  { label: "job", description: "to its end" },
  { label: "serve", description: "on ports" },
  { label: "build", description: "an image" },
  { label: "deploy", description: "and keep it running" },
];

/**
 * @param {import("./session.mjs").Session} session
 * @param {any} ask
 * @returns {Promise<object | undefined>} params of `createFunction`
 */
export async function askForFunction(session, ask) {
  const faultOf = (member) => async (text) => {
    const params = { name: "name", kind: "container", image: "image", [member]: text };
    return faultIn(session, "createFunction", params);
  };
  const name = await ask.write("Name of the function", { check: faultOf("name") });
  if (name === undefined) return undefined;
  const image = await ask.write("Container image", { placeholder: "hello-world:latest", check: faultOf("image") });
  if (image === undefined) return undefined;
  return { name, kind: "container", image };
}

/**
 * @param {import("./session.mjs").Session} session
 * @param {any} ask
 * @param {string} [name] of the function, where it is known
 * @returns {Promise<object | undefined>} params of `run`
 */
export async function askForRun(session, ask, name) {
  const chosen = name ?? await chooseFunction(session, ask);
  if (chosen === undefined) return undefined;
  const action = await ask.choose(`What to do with ${chosen}`, ACTIONS);
  if (action === undefined) return undefined;
  const params = (text) => ({ function: chosen, action: action.label, ...parsed(text) });
  const text = await ask.write("Further parameters, as JSON", {
    value: "{}",
    placeholder: '{"args": ["--help"]}',
    check: async (value) => {
      try {
        return await faultIn(session, "run", params(value));
      } catch (error) {
        return error.message;
      }
    },
  });
  return text === undefined ? undefined : params(text);
}

async function chooseFunction(session, ask) {
  const { items } = await session.use((client) => client.rpc.listFunctions({ limit: 1000 }));
  if (!items.length) throw new Error("There is no function yet: create one, or apply a container file.");
  const choices = items.map(({ name, metadata, spec }) => ({
    label: name, description: metadata.description ?? spec.image ?? "",
  }));
  return (await ask.choose("Function", choices))?.label;
}

/**
 * @param {any[]} runs entities
 * @param {any} ask
 * @returns {Promise<any>} one of them
 */
export async function chooseRun(runs, ask, { label, description }) {
  if (!runs.length) throw new Error("There is no such run.");
  return (await ask.choose("Run", runs.map((run) => ({ label: label(run), description: description(run), run }))))?.run;
}

/** @returns {Promise<string | undefined>} the first fault, for people */
async function faultIn(session, method, params) {
  const { errors } = await session.use((client) => client.rpc.validate({ method, params }));
  return errors.length ? [errors[0].message, errors[0].hint].filter(Boolean).join(" ") : undefined;
}

function parsed(text) {
  const value = JSON.parse(text.trim() || "{}");
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error("It must be a JSON object.");
  return value;
}
