# What a session's process writes (raw lines) → lines for follow.sh, the fields separated by the unit separator.
# $json: whether events are shown as JSON; $timestamps: whether a moment goes before each line of the log.

def line(f): [f | if type == "string" then . else tojson end] | join("\u001f");

# A run that failed without an exit code, or in spite of 0, is none that went well.
def exit_code:
  (.status // {}) | if .state == "COMPLETED" then 0 elif .exit_code // 0 | . > 0 and . < 256 then .exit_code else 1 end;

# A terminal can't show NUL, and bash can't carry it.
def shown: gsub("\u0000"; "␀");

def event:
  if .type == "log" and $json then line("json", .)
  elif .type == "log" then
    (if $timestamps then "\(.timestamp) " else "" end) as $moment
    | .stream as $stream
    | .text | split("\n") | (if .[-1] == "" and length > 1 then .[:-1] else . end)[]
    | line("log", $stream, "\($moment)\(. | shown)")
  elif .type == "state" then
    (if $json then line("json", .) else empty end),
    line("state", .state, (.message // .reason // "" | gsub("[\u0000-\u001f]"; " ")))
  elif .type == "end" then
    (if $json then line("json", .) else empty end),
    line("end", .reason, (.run // {} | exit_code), (.error // null))
  else (if $json then line("json", .) else empty end) end;

. as $text
| (try fromjson catch null) as $message
| $message
| if type != "object" then line("bad", ($text[:200] | shown))
  elif .method == "run/event" then .params | event
  elif .method == "$/progress" then
    .params.value | select(.message) | line("progress", .kind,
      .message + (if .done and .total then " \(.done) of \(.total) \(.unit // "")" else "" end))
  elif has("method") then empty
  elif has("error") then line("error", .id, .error)
  else line("result", .id, .result) end
