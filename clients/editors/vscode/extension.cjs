// VS Code loads extensions with `require`; everything else here is ES modules, and knows no `vscode` but this one.
const vscode = require("vscode");

let extension;

exports.activate = async (context) => {
  const { Extension } = await import("./src/extension.mjs");
  extension = await Extension.start(vscode, context);
  return extension;
};

exports.deactivate = () => extension?.end();
