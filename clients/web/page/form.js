// A form out of a schema of schema/forms and its hints of schema/ui/react-jsonschema-form, made by json-editor.
// What json-editor takes otherwise than by JSON Schema (propertyOrder, format, options) is put into a copy of the
// schema here; nothing in it knows a parameter by name.

const { JSONEditor } = window;

const editorOptions = {
  theme: "html",
  disable_edit_json: true,
  disable_properties: true,
  disable_collapse: true,
  disable_array_delete_all_rows: true,
  disable_array_delete_last_row: true,
  prompt_before_delete: false,
  show_errors: "interaction",
};

// json-editor begins a number with 0 and a choice with its first entry, whether it must be given or not, and would send
// them. Here what nobody filled in is absent.
const { AbstractEditor } = JSONEditor;
const defaultOfType = AbstractEditor.prototype.getDefault;
AbstractEditor.prototype.getDefault = function () {
  const isScalar = ["string", "integer", "number", "boolean"].includes(this.schema.type);
  return isScalar && !("default" in this.schema) && !this.isRequired() ? undefined : defaultOfType.call(this);
};

// A text that was left empty is absent too, unless it must be there.
const { string } = JSONEditor.defaults.editors;
const textOf = string.prototype.getValue;
string.prototype.getValue = function () {
  const value = textOf.call(this);
  const isOptional = this.parent?.schema.type === "object" && !this.isRequired();
  return value === "" && isOptional ? undefined : value;
};

// Its choices have an entry for "not given", which it then sends as the text "undefined" or as false.
const { select } = JSONEditor.defaults.editors;
const { typecast, setValue } = select.prototype;
select.prototype.typecast = function (value) {
  return value === undefined || value === "undefined" ? undefined : typecast.call(this, value);
};
select.prototype.setValue = function (value, initial) {
  setValue.call(this, value ?? "undefined", initial);
};

/** The schema, with the hints as json-editor reads them. */
function adapted(schema, hints = {}) {
  const copy = { ...schema, options: {} };
  if (hints["ui:placeholder"]) copy.options.inputAttributes = { placeholder: hints["ui:placeholder"] };
  switch (hints["ui:widget"]) {
    case "textarea": copy.format = "textarea"; copy.options.input_height = "7rem"; break;
    case "password": copy.format = "password"; break;
    case "hidden": copy.options.hidden = true; break;
    default: if (schema.type === "string") delete copy.format;
  }
  // json-editor's names for the variants of a oneOf are their titles, and it keeps the parent's keywords.
  if (schema.oneOf) copy.oneOf = schema.oneOf.map((variant) => adapted(variant, hints));
  if (schema.type === "array") {
    copy.items = adapted(schema.items, hints.items);
    copy.items.title ??= "Entry";
  }
  if (schema.type === "object") {
    if (schema.properties) copy.properties = orderedProperties(schema, hints);
    // Anything goes in here: it is written as JSON.
    else copy.options.disable_edit_json = false;
  }
  return copy;
}

function orderedProperties(schema, hints) {
  const order = hints["ui:order"] ?? [];
  const place = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  const members = Object.entries(schema.properties).map(([name, member]) => {
    const title = member.title + (schema.required?.includes(name) ? " *" : "");
    return [name, { ...adapted(member, hints[name]), title, propertyOrder: place(name) }];
  });
  return Object.fromEntries(members);
}

/** The schema's members of these names alone, as an object's schema without a title. */
function part(schema, names) {
  const properties = Object.fromEntries(names.map((name) => [name, schema.properties[name]]));
  const required = (schema.required ?? []).filter((name) => names.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

const isEmpty = (value) => value === undefined || (typeof value === "object" && Object.keys(value).length === 0);

/** The value without what was left empty and may be absent. */
function withoutEmpty(value, schema) {
  if (Array.isArray(value)) return value.map((entry) => withoutEmpty(entry, variantFor(entry, schema.items)));
  if (!schema.properties) return value;
  const members = Object.entries(value)
    .filter(([name]) => name in schema.properties)
    .map(([name, member]) => [name, member === undefined ? member : withoutEmpty(member, schema.properties[name])])
    .filter(([name, member]) => schema.required?.includes(name) ? member !== undefined : !isEmpty(member));
  return Object.fromEntries(members);
}

/** Of a oneOf, the variant whose constants the value has. */
function variantFor(value, schema) {
  const fits = ({ properties }) =>
    Object.entries(properties).every(([name, member]) => !("const" in member) || member.const === value[name]);
  return schema.oneOf?.find(fits) ?? schema;
}

/** A form with one part for each of the hints' groups; groups for the few are folded. */
export class Form {
  constructor(container, schema, hints) {
    this.schema = schema;
    const properties = Object.keys(schema.properties);
    const isHidden = (name) => hints[name]?.["ui:widget"] === "hidden";
    // What is hidden is either a constant, whose default is its value, or not for people.
    this.constants = Object.fromEntries(
      properties.filter((name) => isHidden(name) && "const" in schema.properties[name])
        .map((name) => [name, schema.properties[name].const]),
    );
    const shown = properties.filter((name) => !isHidden(name));
    const groups = hints["ui:groups"] ?? [{ title: schema.title, fields: shown, collapsed: false }];
    const grouped = new Set(groups.flatMap((group) => group.fields));
    const others = shown.filter((name) => !grouped.has(name));
    if (others.length) groups.push({ title: "Other", fields: others, collapsed: false });
    container.replaceChildren();
    this.editors = groups.map((group) => this.#editor(container, group, hints));
  }

  #editor(container, group, hints) {
    const details = document.createElement("details");
    details.open = !group.collapsed;
    const summary = document.createElement("summary");
    summary.textContent = group.title;
    const holder = document.createElement("div");
    details.append(summary, holder);
    container.append(details);
    const schema = adapted(part(this.schema, group.fields), hints);
    schema.title = " ";
    return new JSONEditor(holder, { ...editorOptions, schema });
  }

  /** The params, and what is wrong with them as far as the schema can say: [{path, message}]. */
  read() {
    const values = Object.assign({}, this.constants, ...this.editors.map((editor) => editor.getValue()));
    const faults = this.editors.flatMap((editor) => editor.validate());
    return { params: withoutEmpty(values, this.schema), faults };
  }

  destroy() {
    for (const editor of this.editors) editor.destroy();
  }
}
