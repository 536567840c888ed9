import { existsSync } from "node:fs";

// In a package the Node client lies beside; in the project's clone it is where it always is.
const PLACES = ["../client/src/index.js", "../../../node/src/index.js"].map((path) => new URL(path, import.meta.url));

export const { connect } = await import(PLACES.find((place) => existsSync(place)).href);
