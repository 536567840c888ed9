# shellcheck shell=bash
# A session with dh-sidecar, for what comes as it happens: the events of a run. To be sourced by dh, which sets the
# variables.
# shellcheck disable=SC2154

separator=$'\x1f'
session='' run_id='' run_state='' interrupted=''

# How dh itself failed; the program's own codes stay free, as with docker run.
readonly failed=125

# session_start: the process, the handshake.
session_start() {
  # A Ctrl-C is for dh, which then closes the session in order.
  coproc SESSION { trap '' INT QUIT; exec "$sidecar" "${platform[@]}"; }
  # shellcheck disable=SC2153 # coproc sets it
  session=$SESSION_PID
  exec {to}>&"${SESSION[1]}" {from}<&"${SESSION[0]}"
  eval "exec ${SESSION[1]}>&- ${SESSION[0]}<&-"
  exec {messages}< <(
    trap '' INT QUIT
    exec {to}>&-
    exec jq -Rrc --unbuffered -f "$here/lib/messages.jq" --argjson json "$json" \
      --argjson timestamps "$timestamps" <&"$from"
  )
  exec {from}<&-
  send initialize "{\"processId\": $$, \"clientInfo\": {\"name\": \"dh\"}}"
  receive_reply
  jq -e '.serverInfo.name == "dh-sidecar" and (.protocol_version | tostring) == "1"' <<<"$reply" >/dev/null ||
    wrong_server "$(jq -r '"\(.serverInfo.name) \(.serverInfo.version), protocol version \(.protocol_version)"' \
      <<<"$reply")"
}

# wrong_server WHAT: it is there, and none that this dh speaks with.
wrong_server() {
  echo "dh: $sidecar is $1; this dh speaks with dh-sidecar, protocol version 1. Install both from one release." >&2
  leave $failed
}

# session_end: closes the session and sees the process go.
session_end() {
  local tries
  [ -n "$session" ] || return 0
  exec {to}>&- {messages}<&-
  for ((tries = 0; tries < 100; tries++)); do
    kill -0 "$session" 2>/dev/null || break
    sleep 0.05
  done
  kill "$session" 2>/dev/null
  wait "$session" 2>/dev/null
  session=''
}

leave() {
  trap '' INT
  session_end
  exit "$1"
}

# lost: the process is gone, or says what is no protocol.
lost() {
  local status
  exec {to}>&-
  wait "$session" 2>/dev/null
  status=$?
  session=''
  if [ $status -gt 128 ]; then
    echo "dh: dh-sidecar was ended by the signal SIG$(kill -l $((status - 128)))." >&2
  else
    echo "dh: dh-sidecar ended with exit code $status." >&2
  fi
  [ -z "$run_id" ] || echo "dh: the run goes on: dh follow $run_id" >&2
  exit $failed
}

# send METHOD PARAMS: a call, whose number is then $sent. In a process of its own, since a write to nobody ends it.
sent=0
send() {
  sent=$((sent + 1))
  (printf '{"jsonrpc": "2.0", "id": %d, "method": "%s", "params": %s}\n' "$sent" "$1" "$2" >&"$to") 2>/dev/null || lost
}

# receive: the next message, in $kind and $rest.
receive() {
  local line
  IFS= read -r -u "$messages" line || lost
  kind=${line%%"$separator"*}
  rest=${line#*"$separator"}
  if [ "$kind" = bad ]; then
    echo "dh: what dh-sidecar writes is no JSON-RPC: $rest" >&2
    kill "$session" 2>/dev/null
    lost
  fi
}

# receive_reply: the answer to what was sent last, in $reply; its error ends dh.
receive_reply() {
  while :; do
    receive
    case $kind in
      result | error)
        [ "${rest%%"$separator"*}" = "$sent" ] || continue
        reply=${rest#*"$separator"}
        [ "$kind" = result ] && return
        # Every dh-sidecar answers the handshake.
        [ "$sent" != 1 ] || wrong_server "something else ($(jq -r .message <<<"$reply"))"
        show_errors <<<"$reply"
        leave $failed
        ;;
      progress) say "${rest#*"$separator"}" ;;
    esac
  done
}

# say TEXT: about the run, for people.
say() {
  if [ "$json" != true ] && [ "$quiet" != true ]; then printf '%s\n' "${dim}$1${plain}" >&2; fi
}

# Ctrl-C leaves the run alone.
interrupt() {
  # The run's id comes with the answer that is on its way; a second one doesn't wait for it.
  if [ -z "$run_id" ] && [ -z "$interrupted" ] && [ -n "$session" ]; then
    interrupted=yes
    return
  fi
  if [ -n "$run_id" ]; then
    echo >&2
    case $run_state in
      RUNNING) echo "dh: left; the run goes on." >&2 ;;
      *) echo "dh: left; the run is kept, and goes on with the next command that looks at it." >&2 ;;
    esac
    printf '  follow it: dh follow %s\n  stop it:   dh stop %s\n' "$run_id $project_words" "$run_id $project_words" >&2
  fi
  leave 130
}

# follow_run METHOD PARAMS: run or subscribeRun; shows the run's events, and leaves with its exit code.
follow_run() {
  local params=$2 url_call='' stream state_line
  trap interrupt INT
  session_start
  if [ "$1" = run ]; then
    send run "$(jq -c '.progress_token //= "dh"' <<<"$params")"
    receive_reply
    show_warnings <<<"$reply"
    params=$(jq -c '{project, id}' <<<"$reply")
    say "run $(jq -r .id <<<"$reply")"
  fi
  send subscribeRun "$params"
  receive_reply
  run_id=$(jq -r '.run.id // empty' <<<"$reply")
  [ -n "$run_id" ] || run_id=$(jq -r .id <<<"$params")
  action=$(jq -r '.run.spec.action // empty' <<<"$reply")
  [ -z "$interrupted" ] || interrupt
  while :; do
    receive
    case $kind in
      json) printf '%s\n' "$rest" ;;
      log)
        stream=${rest%%"$separator"*}
        if [ "$stream" = stderr ]; then printf '%s\n' "${rest#*"$separator"}" >&2; else
          printf '%s\n' "${rest#*"$separator"}"
        fi
        ;;
      state)
        run_state=${rest%%"$separator"*}
        case $run_state in
          # Passed through at once by every run.
          CREATED | BUILT | READY) ;;
          *) state_line=${rest/"$separator"/ } && say "${state_line% }" ;;
        esac
        if [ "$run_state" = RUNNING ] && [ "$action" = serve ]; then
          send getRun "$(jq -c 'del(.after, .logs, .log_tail)' <<<"$params")"
          url_call=$sent
        fi
        ;;
      result)
        if [ "${rest%%"$separator"*}" = "$url_call" ]; then
          say "$(jq -r '.status.service | select(.) | (.urls // [.url]) | join(" ")' <<<"${rest#*"$separator"}")"
        fi
        ;;
      end) run_over ;;
    esac
  done
}

# run_over: the last event, in $rest.
run_over() {
  local reason code error
  IFS=$separator read -r reason code error <<<"$rest"
  case $reason in
    finished)
      [ "$quiet" != true ] || code=0
      ;;
    deleted)
      echo "dh: the run was deleted." >&2
      code=$failed
      ;;
    *)
      if [ -n "$error" ] && [ "$error" != null ]; then show_errors <<<"$error"; else echo "dh: events: $reason" >&2; fi
      echo "dh: the run may go on: dh follow $run_id $project_words" >&2
      code=$failed
      ;;
  esac
  leave "$code"
}
