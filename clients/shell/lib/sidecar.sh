# shellcheck shell=bash
# Finds dh-sidecar and makes one call at a time. To be sourced by dh, which sets the variables.
# shellcheck disable=SC2154

# find_sidecar: sets $sidecar.
find_sidecar() {
  local place
  if [ -n "${DH_SIDECAR_BIN:-}" ]; then
    [ -x "$DH_SIDECAR_BIN" ] || missing_sidecar "DH_SIDECAR_BIN names $DH_SIDECAR_BIN, which is no program."
    sidecar=$DH_SIDECAR_BIN
    return
  fi
  for place in "$here/dh-sidecar" "$(command -v dh-sidecar)"; do
    if [ -x "$place" ]; then
      sidecar=$place
      return
    fi
  done
  missing_sidecar "dh-sidecar was not found: looked at DH_SIDECAR_BIN (not set), $here/dh-sidecar, and PATH."
}

missing_sidecar() {
  printf 'dh: %s\n  %s\n' "$1" \
    'clients/shell/quickstart builds it; name it with DH_SIDECAR_BIN, or put its folder into PATH.' >&2
  exit 127
}

# show_errors: stdin, which is what dh-sidecar wrote to stderr.
show_errors() {
  if [ "$json" = true ]; then cat >&2; else jq -Rr -f "$here/lib/errors.jq" >&2; fi
}

# call METHOD PARAMS: the result on stdout; an error is shown, and is the exit code.
call() {
  local status
  printf '%s' "$2" | "$sidecar" call "${platform[@]}" "$1" - 2>"$scratch/errors"
  status=$?
  [ ! -s "$scratch/errors" ] || show_errors <"$scratch/errors"
  return $status
}

# render METHOD FILTER: an answer (stdin) in the shape that was asked for; FILTER takes its JSON lines out of it.
render() {
  if [ "$json" = true ]; then
    jq -c "$2"
  else
    jq -r --arg method "$1" --argjson colour "$colour" -f "$here/lib/tables.jq"
  fi
}

# show_warnings: those of an answer (stdin), where only its id is printed.
show_warnings() {
  jq -r '(.status.warnings // .warnings // [])[] | "dh: warning: \(.message)"' >&2
}

# call_list METHOD PARAMS: all pages or one, and what was left out.
call_list() {
  local method=$1 params=$2 cursor='' page total count
  : >"$scratch/items"
  while :; do
    page=$(call "$method" "$params") || return
    jq -c '.items[]' <<<"$page" >>"$scratch/items"
    cursor=$(jq -r '.next_cursor // empty' <<<"$page")
    if [ -z "$cursor" ] || [ "$all" != true ]; then break; fi
    params=$(jq -c --arg cursor "$cursor" '.cursor = $cursor' <<<"$params")
  done
  if [ "$json" = true ]; then cat "$scratch/items"; else jq -s '{items: .}' "$scratch/items" | render "$method" .; fi
  if [ -n "$cursor" ]; then
    total=$(jq '.total // 0' <<<"$page")
    count=$(wc -l <"$scratch/items")
    echo "dh: $count of $total are shown: --limit N shows more, --all shows all." >&2
  fi
}
