# Answers as people read them. $method: what was called; $colour: whether escape sequences may be used.
# In: the answer. Out: lines.

def shade($code): if $colour then "\u001b[\($code)m\(.)\u001b[0m" else . end;
def state_shade:
  if IN("ERROR") then "31" elif IN("COMPLETED", "RUNNING") then "32" elif IN("STOPPED", "DELETED") then "90"
  else "33" end;

# Control characters would move the cursor or end the row.
def cell: if . == null then "" elif type == "string" then . else tojson end | gsub("[\u0000-\u001f\u007f]+"; " ");
def day: (. // "")[:19] | sub("T"; " ");
def function_name: (.spec.function // "") | sub("^.*/"; "") | sub(":[0-9a-f]{32}$"; "");
def address: .status.service // {} | (.url // .urls[0]?) // "";
def shorter($length): if length > $length then .[:$length - 1] + "…" else . end;

def columns:
  {
    listRuns: [["ID", .id], ["FUNCTION", function_name], ["ACTION", .spec.action], ["STATE", .status.state],
      ["CREATED", (.metadata.created | day)],
      ["URL OR MESSAGE", ((address | select(. != "")) // .status.message // "")]],
    listFunctions: [["NAME", .name], ["IMAGE", .spec.image // .spec.base_image], ["CREATED", (.metadata.created | day)],
      ["ID", .id]],
    listTasks: [["FUNCTION", .name], ["KIND", .kind], ["CREATED", (.metadata.created | day)], ["ID", .id]],
    listProjects: [["NAME", .name], ["CREATED", (.metadata.created | day)]],
    listSecrets: [["NAME", .name], ["CREATED", (.metadata.created | day)]],
    listProfiles: [["NAME", .name // .id], ["DESCRIPTION", .description // .metadata.description]]
  }[$method];

def table:
  map(columns) as $rows
  | if $rows == [] then empty
    else
      [$rows[0] | map(.[0])] + ($rows | map(map(.[1] | cell)))
      | . as $cells
      | [range($cells[0] | length) as $column | $cells | map(.[$column] | length) | max] as $widths
      | ($cells[0] | index("STATE")) as $state
      | range(length) as $row
      | .[$row] | length as $count
      | [range($count) as $column
          | .[$column] as $text
          | (if $column == $count - 1 then "" else " " * ($widths[$column] - ($text | length)) // "" end) as $space
          | (if $row == 0 then $text | shade("1")
             elif $column == $state then $text | shade($text | state_shade) else $text end) + $space]
      | join("  ")
    end;

# Of an entity, what is set, a line each.
def description:
  def line($name; $value): $value | select(. != null and . != "" and . != [] and . != {})
    | ("\($name):" + " " * (12 - ($name | length)) // "") + " " + cell;
  line("id"; .id), line("name"; select(.name != .id) | .name), line("kind"; .kind), line("project"; .project),
  line("function"; function_name), line("state"; .status.state), line("message"; .status.message),
  line("exit code"; .status.exit_code), line("reason"; .status.reason), line("url"; address),
  line("image made"; .status.image), line("created"; .metadata.created), line("started"; .status.started_at),
  line("finished"; .status.finished_at), line("description"; .metadata.description),
  line("labels"; .metadata.labels),
  (.spec // {} | del(.function, .task) | to_entries[] | line(.key; .value)),
  ((.status.warnings // .warnings // [])[] | "warning:      \(.message | cell)");

def result:
  if type == "object" and has("items") then .items | table
  elif type == "object" and has("metadata") then description
  elif $method == "validate" then
    if .valid then "valid" else empty end, ((.warnings // [])[] | "warning: \(.pointer): \(.message)")
  elif $method == "apply" then
    "function \(.function.name) \(.function.id)",
    (.runs | to_entries[] | "run \(.key) \(.value.id) \(.value.status.state)"),
    ((.warnings // [])[] | "warning: \(.message)")
  elif $method == "renderRun" then
    [.manifests, .calls, .requests] | map(select(. != null)) | first // . | .[]
  elif $method == "getCapabilities" then
    to_entries[] | "\(.key): \(.value | if type == "object" then del(.tried) else . end | cell)"
  else . end;

result
