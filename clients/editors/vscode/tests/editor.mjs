/** Stands in for the editor: as much of its API as the extension uses, and what was shown. */
import { EventEmitter as Emitter } from "node:events";

class EventEmitter {
  #emitter = new Emitter();
  event = (listener) => {
    this.#emitter.on("event", listener);
    return { dispose: () => this.#emitter.off("event", listener) };
  };
  fire = (value) => this.#emitter.emit("event", value);
  dispose() {}
}

export class Uri {
  constructor(fsPath) {
    Object.assign(this, { fsPath, scheme: "file" });
  }

  static parse = (text) => ({ text, toString: () => text });
  toString = () => `file://${this.fsPath}`;
}

/** @param {{settings?: object, folder?: string}} options */
export function editor({ settings = {}, folder } = {}) {
  const shown = { lines: [], errors: [], messages: [], opened: [], diagnostics: new Map(), commands: {} };
  const answers = [];
  const events = Object.fromEntries(["open", "save", "close", "configuration", "visibility"]
    .map((name) => [name, new EventEmitter()]));
  const questions = [];
  const vscode = {
    EventEmitter, Uri,
    Range: class { constructor(...place) { this.place = place; } },
    Diagnostic: class { constructor(range, message, severity) { Object.assign(this, { range, message, severity }); } },
    DiagnosticSeverity: { Error: 0, Warning: 1 },
    ThemeIcon: class { constructor(id) { this.id = id; } },
    TreeItem: class { constructor(label, state) { Object.assign(this, { label, collapsibleState: state }); } },
    TreeItemCollapsibleState: { None: 0, Collapsed: 1, Expanded: 2 },
    commands: {
      registerCommand: (name, action) => {
        shown.commands[name] = action;
        return { dispose() {} };
      },
    },
    env: { openExternal: (uri) => shown.opened.push(String(uri)) },
    languages: {
      createDiagnosticCollection: () => ({
        set: (uri, list) => shown.diagnostics.set(uri.fsPath, list),
        delete: (uri) => shown.diagnostics.delete(uri.fsPath),
        dispose() {},
      }),
    },
    window: {
      createOutputChannel: () => ({ appendLine: (line) => shown.lines.push(line), show() {}, dispose() {} }),
      createTreeView: (id, { treeDataProvider }) => {
        shown.tree = { id, provider: treeDataProvider, visible: false, dispose() {} };
        shown.tree.onDidChangeVisibility = events.visibility.event;
        return shown.tree;
      },
      showErrorMessage: async (message) => void shown.errors.push(message),
      showInformationMessage: async (message) => void shown.messages.push(message),
      showQuickPick: async (items, { title }) => {
        questions.push({ title, items });
        const answer = answers.shift();
        return items.find(({ label }) => label === answer);
      },
      // As the editor does, it takes no answer that the check refuses.
      showInputBox: async ({ title, value, validateInput }) => {
        const question = { title, value, faults: [] };
        questions.push(question);
        for (let answer = answers.shift(); ; answer = answers.shift()) {
          const fault = answer === undefined ? undefined : await validateInput?.(answer);
          if (!fault) return answer;
          question.faults.push(fault);
        }
      },
    },
    workspace: {
      getConfiguration: () => ({ get: (name) => settings[name] ?? "" }),
      workspaceFolders: folder ? [{ uri: new Uri(folder) }] : undefined,
      textDocuments: [],
      onDidOpenTextDocument: events.open.event,
      onDidSaveTextDocument: events.save.event,
      onDidCloseTextDocument: events.close.event,
      onDidChangeConfiguration: events.configuration.event,
    },
  };
  return { vscode, shown, answers, questions, events, context: { subscriptions: [] } };
}
