# shellcheck shell=bash
# What dh says about itself. To be sourced by dh, which sets the variables.
# shellcheck disable=SC2154

help_all() {
  cat <<'HELP'
Usage: dh COMMAND [WORD...] [--OPTION VALUE...]

HELP
  jq -rn --slurpfile verbs "$here/lib/verbs.json" --slurpfile methods <(call rpc.discover '{}') '
    ($methods[0].methods | map({(.name): .summary}) | add) as $summaries
    | $verbs[0].verbs[]
    | "  \(.verb)\([.words[] | " " + ascii_upcase] | join(""))\(if .many then "..." else "" end)" as $usage
    | $usage + (" " * ([28 - ($usage | length), 1] | max))
      + (.help // $summaries[.method] // "(\(.method): this dh-sidecar has it not)")'
  cat <<'HELP'
  call METHOD [PARAMS]          Any method, as `dh-sidecar call` takes it.
  doctor                        Says what was found on this machine, and how to mend what is missing.
  help [COMMAND], COMMAND -h    This; the options of a command.

The options of a command are its method's parameters, with dashes or underscores. A list is given by its name in the
singular, once for each item; an object as JSON, by a path, or as KEY=VALUE,KEY=VALUE:

  dh create hello --image busybox --command echo
  dh run hello --action job --arg Hello --env NAME=VALUE --follow
  dh run hello --follow -- everything after the two dashes is args
  dh run web --action serve --service-port 8080:80 --resources.mem 256Mi --volume data:/data
  dh create main --image python:3.11-slim --lang python --code - <main.py

  -p, --project NAME   the project; without it DH_SIDECAR_PROJECT, the settings, then default
  -j, --json           one JSON value per line instead of tables and text
  --params JSON        parameters as one object; - reads it from standard input
  --platform NAME      local or core

Exit codes: that of the run with --follow, --wait and `wait`; 1 where a method answers an error; 64 where the command
line is wrong; 124 where a wait runs out of time; 125 where following itself fails; 130 after Ctrl-C.
HELP
}

# help_command: of $command, from its method's schema in $scratch/schema.
help_command() {
  jq -rn --argjson command "$command" --argjson common "$common" --slurpfile schemas "$scratch/schema" '
    def properties:
      if .properties then .properties
      else [(.oneOf // [])[] | properties | to_entries[]] | group_by(.key)
        | map({key: .[0].key,
            value: (.[0].value + ([.[].value.const // empty] | if . == [] then {} else {enum: .} end))})
        | from_entries end;
    def shape:
      if .enum then .enum | join("|") elif .const then .const
      elif .type == "boolean" then ""
      elif .type == "array" then (if .items.type == "string" then "TEXT" else "ITEM" end) + "..."
      else .type // "JSON" | if type == "array" then first else . end | ascii_upcase end;
    "Usage: dh \($command.verb)\([$command.words[] | " " + ascii_upcase] | join(""))"
      + (if $command.many then "..." else "" end) + " [--OPTION VALUE...]", "",
    ($command.help // $schemas[0].description // empty), "",
    (($command.options // {}) + $common | to_entries[]
      | "  --\(.key)" + (if .value.short then ", -\(.value.short)" else "" end)
          + (if .value.value then " \(.value.value)" else "" end),
        "      \(.value.help)"),
    ($schemas[0] | properties | to_entries[] | select(.key as $key | $command.words | index($key) | not)
      | select((($command.options // {})[.key]) | not)
      | "  --\(.key | gsub("_"; "-")) \(.value | shape)", "      \(.value.description // "")"
        + (if .value | has("default") then " Default: \(.value.default)." else "" end))'
}
