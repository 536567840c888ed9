# shellcheck shell=bash
# What each command does with its params. To be sourced by dh, which sets the variables.
# shellcheck disable=SC2154,SC2034

# exit_with_run: the exit code of a run (stdin), as `wait` tells it.
exit_with_run() {
  exit "$(jq 'if .timed_out then 124 else .status | if IN(.state; "COMPLETED", "RUNNING") then 0
    elif .exit_code // 0 | . > 0 and . < 256 then .exit_code else 1 end end')"
}

# logs PARAMS: the program's lines, each to the stream that it was written to.
logs() {
  if [ "$json" = true ]; then
    call getRunLogs "$1" | jq -c '.entries[]'
  else
    call getRunLogs "$1" | jq -r --argjson timestamps "$timestamps" '.entries[]
      | (if $timestamps then "\(.timestamp) " else "" end) as $moment | .stream[3:4] as $stream
      | .text | split("\n")[] | $stream + $moment + gsub("\u0000"; "␀")' |
      awk '/^e/ { fflush(); print substr($0, 2) > "/dev/stderr"; next } { print substr($0, 2) }'
  fi
}

# file_params PARAMS: a file's text in place of its path; - is standard input.
file_params() {
  local path
  path=$(jq -r '.path // empty' <<<"$1")
  [ -n "$path" ] || usage_error "Which file? dh $verb FILE, or - for standard input."
  if [ "$path" != - ] && [ ! -r "$path" ]; then usage_error "$path can't be read."; fi
  [ "$path" != - ] || path=/dev/stdin
  jq -nc --argjson params "$1" --rawfile text "$path" '$params | del(.path) + {text: $text}'
}

# one PARAMS: makes the command's call, once.
one() {
  local params=$1 answer
  case $verb in
    run)
      if [ "$follow" = true ]; then follow_run run "$params"; fi
      answer=$(call run "$params") || return
      show_warnings <<<"$answer"
      if [ "$wait" = true ]; then
        answer=$(call waitRun "$(jq -c '{project, id}' <<<"$answer")") || return
        render run . <<<"$answer"
        exit_with_run <<<"$answer"
      fi
      if [ "$json" = true ]; then jq -c . <<<"$answer"; else jq -r .id <<<"$answer"; fi
      ;;
    create)
      answer=$(call createFunction "$params") || return
      show_warnings <<<"$answer"
      if [ "$json" = true ]; then jq -c . <<<"$answer"; else jq -r .id <<<"$answer"; fi
      ;;
    wait)
      answer=$(call waitRun "$params") || return
      render waitRun . <<<"$answer"
      exit_with_run <<<"$answer"
      ;;
    follow) follow_run subscribeRun "$params" ;;
    logs)
      [ "$follow" = true ] || { logs "$params"; return; }
      jq -e 'has("since") or has("after") | not' <<<"$params" >/dev/null ||
        usage_error "--since and --after don't go with --follow; --tail does."
      quiet=true
      follow_run subscribeRun "$(jq -c '{project, id, log_tail: .tail} | with_entries(select(.value != null))' \
        <<<"$params")"
      ;;
    set-secret)
      if jq -e 'has("value") | not' <<<"$params" >/dev/null; then
        params=$(secret_value "$params") || exit
      fi
      call setSecret "$params" | finished
      ;;
    apply) call apply "$params" | render apply . ;;
    validate)
      answer=$(call validate "$(jq -c '{method: "apply", params: .}' <<<"$params")") || return
      render validate . <<<"$answer"
      jq -e .valid <<<"$answer" >/dev/null && return
      [ "$json" = true ] || jq -c '{code: -32602, message: "Invalid", data: .}' <<<"$answer" | show_errors
      return 1
      ;;
    render) call renderRun "$params" | render_manifests ;;
    *)
      if [ "$is_list" = true ]; then call_list "$method" "$params"
      elif [ -n "$outcome" ]; then call "$method" "$params" | finished
      else call "$method" "$params" | render "$method" .; fi
      ;;
  esac
}

# finished: says that it is done, from the answer (stdin).
finished() {
  if [ "$json" = true ]; then jq -c .; else
    jq -r --arg outcome "$outcome" '"\(if .spec.action then .id else .name // "" end) " +
      (if .spec.action then .status.state else $outcome end),
      ((.status.warnings // .warnings // [])[] | "warning: \(.message)")'
  fi
}

render_manifests() {
  if [ "$json" = true ]; then jq -c .; else
    jq -r 'if .text then .text else (.manifests // .calls // .requests // [.])[] end'
  fi
}

# secret_value PARAMS: asked for on a terminal, else read from standard input: never on the command line.
secret_value() {
  local value
  if [ -t 0 ]; then
    read -rs -p 'Value: ' value
    echo >&2
    printf '%s' "$value" | jq -Rsc --argjson params "$1" '. as $value | $params | .value = $value'
  else
    # As $(…) does, without the newline at its end.
    jq -nc --argjson params "$1" --rawfile value /dev/stdin '$params | .value = ($value | rtrimstr("\n"))'
  fi
}
