# The words of a command line → what to call, by the method's JSON Schema.
#
# $ARGS.positional: the words; $schemas[0]: the method's schema; $command: its entry in verbs.json; $common: the options
# of every command; $stdin: what standard input holds, or null while it has not been read.
# Out: {calls: [params, …], options: {follow: true, …}, faults: [text, …], stdin: whether it must be read first}.

# One map of properties, also where the schema is a choice by action; the current names win over deprecated ones.
def properties: if .properties then .properties else [(.oneOf // .anyOf // [])[] | properties] | add // {} end;
def types: [(.type // empty | if type == "array" then .[] else . end), ((.oneOf // [])[] | types[])];
def is($type): any(types[]; . == $type);
def name: gsub("-"; "_");
def parsed: try fromjson catch null;

# A word as the scalar that the schema wants; what is none goes out as text, and is refused with the field's name.
def scalar($schema):
  . as $text
  | if $schema | is("string") then $text
    elif $schema | is("integer") or is("number") or is("boolean") then
      parsed // (if $text == "false" then false else $text end)
    else parsed // $text end;

# The properties of an array's items: of a choice, all; for the short form, those of the variant without a fixed member.
def members: if .oneOf then [.oneOf[] | members] | add else .properties // {} end;
def short_members:
  if .oneOf then [.oneOf[] | select(any(.properties[]; has("const")) | not)] | last // {} else . end
  | .properties // {} | with_entries(select(.value.deprecated != true));

# KEY=VALUE,KEY=VALUE; a key may be a path.
def pairs($items):
  reduce splits(",") as $pair ({};
    ($pair | index("=")) as $at
    | ($pair[:$at // ($pair | length)] | split(".") | map(name)) as $path
    | (reduce $path[] as $key ({properties: ($items | members)}; (properties[$key]) // {})) as $schema
    | setpath($path; (if $at then $pair[$at + 1:] else "" end) | scalar($schema)));

# One item of an array: JSON, NAME=VALUE, KEY=VALUE,…, or the members in their order with colons between.
def item($items):
  . as $text
  | ($items | short_members | keys_unsorted) as $names
  | if $items | is("string") then $text
    elif $text[:1] == "{" and ($text | parsed) != null then $text | parsed
    elif $names == ["name", "value"] or $names == ["key", "value"] then
      ($text | index("=")) as $at
      | if $at then {($names[0]): $text[:$at], value: $text[$at + 1:]}
        elif $names[0] == "name" and env[$text] != null then {name: $text, value: env[$text]}
        else {($names[0]): $text} end
    elif $text | contains("=") then $text | pairs($items)
    elif ($text | split(":") | length) <= ($names | length) then
      [$names, ($text | split(":"))] | transpose | map(select(.[1] != null))
      | map(.[0] as $key | {($key): (.[1] | scalar($items | members | .[$key]))}) | add // $text
    else $text end;

def array_schema: if .type == "array" then . else (.oneOf // [])[] | select(.type == "array") end;

# {path, schema, one}: what an option's name means; `one` where it is the singular of a list.
def option($all):
  (split(".") | map(name)) as $path
  | (reduce $path[1:][] as $key ($all[$path[0]]; if . == null then null else (. | properties)[$key] end)) as $found
  | if $found then {path: $path, schema: $found}
    elif ($path | length) == 1 and ($all[$path[0] + "s"] // {} | is("array")) then
      {path: [$path[0] + "s"], schema: $all[$path[0] + "s"], one: true}
    else {path: $path, schema: null} end;

# jq 1.6 loses what `try` and `//` give inside of |=, so values are made first.
def set($path; $value): .params = (.params | setpath($path; $value));
def at($path): .params | getpath($path);

# Puts an option's value into .params.
def put($option; $text):
  ($text | parsed) as $json
  | if $option.schema == null then set($option.path; if $json == null then $text else $json end)
    elif $text == "-" and ($option.schema | is("string")) then .stdin = true | set($option.path; $stdin // "")
    elif $option.schema | is("array") then
      ($option.schema | array_schema.items // {}) as $items
      | (if ($option.one | not) and ($json | type) == "array" then $json else [$text | item($items)] end) as $more
      | set($option.path; (at($option.path) // []) + $more)
    elif ($option.schema | is("object")) and ($json | type) == "object" then
      set($option.path; (at($option.path) // {}) * $json)
    else ($text | scalar($option.schema)) as $value | set($option.path; $value) end;

def client_option($name): ($command.options // {})[$name] // $common[$name];
def by_short($letter):
  {p: "project"}[$letter] // ((($command.options // {}) + $common) | to_entries | map(select(.value.short == $letter))
  | first.key // null);

def positional($word):
  if ($command.words | length) > (.words | length) then .words += [$word]
  elif $command.many then .more += [$word]
  else .faults += ["\"\($word)\" is one word too many. What follows -- is passed to the program."] end;

def option_word($word; $all):
  ($word | index("=")) as $at
  | ($word[2:$at // ($word | length)]) as $name
  | (if $at then $word[$at + 1:] else null end) as $given
  | client_option($name) as $client
  | if $client and ($client.value | not) then
      .options[$name] = ($given != "false")
    elif $client then
      if $given != null then .options[$name] = $given
      elif .rest == [] then .faults += ["--\($name) wants a value."]
      else .options[$name] = .rest[0] | .rest |= .[1:] end
    elif $name == "params" then
      (if $given != null then $given else .rest[0] // "" end) as $text
      | (if $given == null then .rest |= .[1:] else . end)
      | (if $text == "-" then .stdin = true | .object = ($stdin // "{}") else .object = $text end)
    else
      ($name | option($all)) as $option
      | (if ($name | startswith("no-")) and $option.schema == null then $name[3:] | option($all)
         else {} end) as $negated
      | if $given == null and ($negated.schema // {} | is("boolean") or is("null")) then
          set($negated.path; if $negated.schema | is("null") then null else false end)
        elif $given == null and ($option.schema // {} | is("boolean")) then set($option.path; true)
        elif $given != null then put($option; $given)
        elif .rest == [] then .faults += ["--\($name) wants a value."]
        else .rest[0] as $next | .rest |= .[1:] | put($option; $next) end
    end;

def read($all):
  if .rest == [] then .
  else
    .rest[0] as $word
    | .rest |= .[1:]
    | if $word == "--" then
        if $all.args then .params.args = (.params.args // []) + .rest | .rest = []
        else .faults += ["Nothing can follow -- here: this command starts no program."] | .rest = [] end
      elif $word | startswith("--") then option_word($word; $all)
      elif ($word | startswith("-")) and $word != "-" then
        by_short($word[1:2]) as $long
        | if $long == null then .faults += ["There is no option \($word[:2])."]
          elif ($word | length) > 2 and (client_option($long) // {value: true} | .value) then
            option_word("--\($long)=\($word[2:])"; $all)
          elif ($word | length) > 2 then
            .rest = ["-\($word[2:])"] + .rest | option_word("--\($long)"; $all)
          else option_word("--\($long)"; $all) end
      else positional($word) end
    | read($all)
  end;

($schemas[0] | properties) as $all
| {rest: $ARGS.positional, words: [], more: [], params: {}, options: {}, faults: [], stdin: false}
| read($all)
| (.object // "{}" | parsed) as $object
| (if ($object | type) != "object" then .faults += ["--params wants a JSON object."] else . end)
| . as $read
| ([$command.words, .words] | transpose | map(select(.[1] != null))) as $named
| (reduce $named[] as [$name, $word] ({params: {}, stdin: false, faults: []};
    if $word == "-" then .params[$name] = $word else put({path: [$name], schema: $all[$name]}; $word) end)) as $first
| (($command.defaults // {}) + (if ($object | type) == "object" then $object else {} end)
    + .params + $first.params) as $params
| {
    calls: [$params, ($read.more[] as $word | $params + {($command.words[-1]): $word})],
    options, faults, stdin: (.stdin or $first.stdin)
  }
