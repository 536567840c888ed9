import { Commands } from "./commands.mjs";
import { check, isContainerFile } from "./container-file.mjs";
import { Follower } from "./follower.mjs";
import { byFunction, functionItem, runItem } from "./presentation.mjs";
import { RunList } from "./run-list.mjs";
import { Session } from "./session.mjs";

const SECTION = "dhSidecar";
// While the tree is seen: runs that others have made.
const REFRESH_MS = 5_000;

/** What joins the logic to the editor; the only file that knows the editor's API, which it is given. */
export class Extension {
  /**
   * @param {any} vscode the editor's API
   * @param {any} context of the extension
   */
  static async start(vscode, context) {
    return new Extension(vscode, context);
  }

  constructor(vscode, context) {
    this.vscode = vscode;
    this.output = vscode.window.createOutputChannel("Containers");
    this.session = new Session(() => this.#settings(), (line) => this.output.appendLine(`dh-sidecar: ${line}`));
    this.changes = new vscode.EventEmitter();
    this.runs = new RunList(this.session, () => this.changes.fire());
    this.follower = new Follower((line) => this.output.appendLine(line));
    this.diagnostics = vscode.languages.createDiagnosticCollection(SECTION);
    this.commands = new Commands(this.session, this.runs, this.follower, this.#ask(), this.#editor());
    context.subscriptions.push(
      this.output, this.changes, this.diagnostics, ...this.#registered(), this.#tree(), ...this.#documents(),
      vscode.workspace.onDidChangeConfiguration((event) => this.#configured(event)),
    );
  }

  /** Ends the process; runs live on. */
  async end() {
    clearInterval(this.timer);
    this.runs.end();
    this.follower.end();
    await this.session.end();
  }

  #settings() {
    const { workspace } = this.vscode;
    const configuration = workspace.getConfiguration(SECTION);
    const get = (name) => configuration.get(name);
    const folder = workspace.workspaceFolders?.[0]?.uri.fsPath;
    return { binary: get("binary"), platform: get("platform"), project: get("project"), cwd: folder };
  }

  async #configured(event) {
    if (!event.affectsConfiguration(SECTION)) return;
    await this.session.end();
    await this.#refresh();
  }

  // A command that fails says so; what was asked for and dismissed is no failure.
  #registered() {
    const { commands, window } = this.vscode;
    return this.commands.names.map((name) => commands.registerCommand(`${SECTION}.${name}`, async (...args) => {
      try {
        return await this.commands[name](...args);
      } catch (error) {
        this.output.appendLine(error.message);
        const choice = await window.showErrorMessage(error.message.split("\n")[0], "Show");
        if (choice) this.output.show(true);
      }
    }));
  }

  #ask() {
    const { window } = this.vscode;
    return {
      choose: (title, items) => window.showQuickPick(items, { title, matchOnDescription: true }),
      write: (title, { value, placeholder, check: fault }) => window.showInputBox({
        title, value, placeHolder: placeholder, ignoreFocusOut: true, validateInput: fault,
      }),
    };
  }

  #editor() {
    const { env, Uri, window, workspace } = this.vscode;
    return {
      // The file's text as it is in the editor is what is applied, so it is saved first.
      file: async (uri) => {
        const chosen = uri ?? window.activeTextEditor?.document.uri;
        await workspace.textDocuments.find((each) => each.uri.toString() === chosen?.toString())?.save();
        return chosen?.fsPath;
      },
      open: (url) => env.openExternal(Uri.parse(url)),
      showLog: () => this.output.show(true),
      tell: (message) => window.showInformationMessage(message),
    };
  }

  #tree() {
    const { window } = this.vscode;
    const provider = {
      onDidChangeTreeData: this.changes.event,
      getChildren: (parent) => parent ? parent.runs : byFunction(this.runs.runs),
      getTreeItem: (element) => this.#item(element),
    };
    this.tree = window.createTreeView(`${SECTION}.runs`, { treeDataProvider: provider, showCollapseAll: true });
    const seen = ({ visible }) => {
      clearInterval(this.timer);
      if (!visible) return;
      this.#refresh();
      this.timer = setInterval(() => this.#refresh(), REFRESH_MS);
    };
    this.tree.onDidChangeVisibility(seen);
    seen(this.tree);
    return this.tree;
  }

  #item(element) {
    const { ThemeIcon, TreeItem, TreeItemCollapsibleState } = this.vscode;
    const isFunction = element.runs !== undefined;
    const item = isFunction ? functionItem(element) : runItem(element);
    const { id, label, description, tooltip, icon, contextValue } = item;
    const state = isFunction ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.None;
    return Object.assign(new TreeItem(label, state), {
      id: id ?? `function ${label}`, description, tooltip, contextValue, iconPath: new ThemeIcon(icon),
    });
  }

  async #refresh() {
    try {
      await this.runs.refresh();
      this.tree.message = undefined;
    } catch (error) {
      const [summary] = error.message.split("\n");
      // In full once, not every five seconds.
      if (this.tree.message !== summary) this.output.appendLine(error.message);
      this.tree.message = summary;
    }
  }

  #documents() {
    const { workspace } = this.vscode;
    const checked = (document) => this.#check(document);
    workspace.textDocuments.forEach(checked);
    return [
      workspace.onDidOpenTextDocument(checked), workspace.onDidSaveTextDocument(checked),
      workspace.onDidCloseTextDocument(({ uri }) => this.diagnostics.delete(uri)),
    ];
  }

  async #check(document) {
    if (document.uri.scheme !== "file" || !isContainerFile(document.uri.fsPath)) return;
    const { Diagnostic, DiagnosticSeverity, Range } = this.vscode;
    try {
      const found = await check(this.session, document.getText());
      this.diagnostics.set(document.uri, found.map(({ line, start, end, message, severity, rule }) => {
        const level = severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning;
        return Object.assign(new Diagnostic(new Range(line, start, line, end), message, level),
          { source: "dh-sidecar", code: rule });
      }));
    } catch (error) {
      this.output.appendLine(`${document.uri.fsPath} could not be checked: ${error.message}`);
    }
  }
}
