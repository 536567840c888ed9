# The commands of dh with their options, out of lib/verbs.json ($verbs) and the schemas ($openrpc).

def properties:
  if .properties then .properties
  else [(.oneOf // [])[] | properties | to_entries[]] | group_by(.key)
    | map({key: .[0].key,
        value: (.[0].value + ([.[].value.const // empty] | unique | if . == [] then {} else {enum: .} end))})
    | from_entries end;
def types: [(.type // empty | if type == "array" then .[] else . end), ((.oneOf // [])[] | types[])];
def is($type): any(types[]; . == $type);
def dashes: gsub("_"; "-");
def sentence: (. // "") | split(". ") | (.[0] // "") | rtrimstr(".");

# What completes a value: what exists by that name, files, fixed words, or nothing.
def values($name; $schema):
  if $schema.enum then {words: $schema.enum}
  elif $name | IN("function", "id", "project", "profile", "secrets", "path") then {of: $name}
  else {} end;

def option($prefix; $name; $schema):
  (if $schema | is("array") and ($name | endswith("s")) then {name: $name[:-1], repeated: true}
   else {name: $name, repeated: ($schema | is("array"))} end) as $shape
  | {
      name: ("--" + $prefix + ($shape.name | dashes)), repeated: $shape.repeated, flag: ($schema | .type == "boolean"),
      help: ($schema.description | sentence)
    } + values($name; $schema);

# Members of an object are options of their own; deprecated names are understood, not offered.
def options_of($prefix):
  properties | to_entries[] | select(.value.deprecated != true)
  | option($prefix; .key; .value),
    (.key as $key | .value | select(.type == "object" and has("properties"))
      | options_of("\($prefix)\($key | dashes)."));

def commands:
  ($openrpc[0].methods | map({key: .name, value: .}) | from_entries) as $methods
  | $verbs[0] | .options as $common
  | .verbs[]
  | . as $command
  | $methods[.method] as $method
  | ((.options // {}) + $common + (if .list then {all: {help: "All pages, not the first alone."}} else {} end)) as $own
  | {
      verb, many: (.many == true), help: (.help // $method.summary // "" | sentence),
      words: [.words[] as $word
        | {name: $word} + values($word; $method["x-params-schema"] // {} | properties | .[$word] // {})
        | if $command.verb == "functions" then .of = "function"
          elif $command.verb | endswith("secret") then .of = "secrets"
          elif $command.verb | IN("project", "delete-project") then .of = "project" else . end],
      options: (
        [$own | to_entries[]
          | {name: "--\(.key)", flag: (.value.value | not), repeated: false, help: (.value.help | sentence)}
          | if .name == "--platform" then .words = ["local", "core"] else . end]
        + [$method["x-params-schema"] // {} | options_of("")
          | select(.name[2:] as $name | ($command.words | map(dashes) | index($name) | not) and ($own[$name] == null))])
    };
