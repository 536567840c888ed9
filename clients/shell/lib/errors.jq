# What dh-sidecar wrote to stderr (raw lines), as people read it: its errors with all faults and hints, other lines as
# they are.

def hint: if . then " (\(.))" else "" end;
def fault:
  (.pointer // "" | ltrimstr("/") | gsub("_"; "-") | gsub("/(?<index>[0-9]+)"; "[\(.index)]") | gsub("/"; ".")) as $name
  | "  " + (if $name == "" then "" else "--\($name): " end) + .message + (.hint | hint);

. as $line
| (try fromjson catch null) as $error
| if ($error | type) != "object" or ($error | has("code") and has("message") | not) then $line
  elif $error.data.errors // [] != [] then
    "dh: \($error.message | sub(": .*$"; "") | sub(" \\(and .*$"; "")):", ($error.data.errors[] | fault)
  else
    "dh: \($error.message)" + ($error.data.hint | hint),
    (if $error.data.cause then "  \($error.data.cause | if type == "string" then . else tojson end)" else empty end)
  end
