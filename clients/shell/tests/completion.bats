# The completions of bash and zsh.

setup() {
  load common
  isolated "$BATS_TEST_TMPDIR"
}

# completed WORD...: what bash offers for the last word.
completed() {
  bash -c '. "$0/completion/dh.bash"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _dh
    echo "${COMPREPLY[*]}"' "$shell" "$@"
}

@test "they are what the schemas say" {
  "$shell/completion/generate" --check
}

@test "a change of the schemas is noticed" {
  cp -r "$shell/completion" "$BATS_TEST_TMPDIR/completion"
  mkdir -p "$BATS_TEST_TMPDIR/x/y"
  cp -r "$shell" "$BATS_TEST_TMPDIR/x/y/shell"
  mkdir "$BATS_TEST_TMPDIR/x/schema"
  sed 's/"replicas"/"copies"/' "$shell/../../schema/openrpc.json" >"$BATS_TEST_TMPDIR/x/schema/openrpc.json"
  ! "$BATS_TEST_TMPDIR/x/y/shell/completion/generate" --check 2>"$BATS_TEST_TMPDIR/err"
  within "$(cat "$BATS_TEST_TMPDIR/err")" '--copies'
}

@test "bash: commands, options, their values" {
  equal "$(completed dh ru)" 'run runs'
  equal "$(completed dh run f --serv)" '--service-name --service-port --service-type'
  equal "$(completed dh run f --action s)" serve
  equal "$(completed dh run f --resources.limits.)" \
    '--resources.limits.cpu --resources.limits.mem --resources.limits.gpu'
  equal "$(completed dh run f --image-pull-policy '')" 'Always IfNotPresent Never'
}

@test "bash: functions and runs that are there" {
  dh create one --image i >/dev/null
  dh create two --image i >/dev/null
  equal "$(completed dh run t)" two
  equal "$(completed dh run --follow '')" 'two one'
  equal "$(completed dh run --action job '')" 'two one'
  equal "$(completed dh run two '')" ''
  equal "$(completed dh runs o)" one
}

@test "zsh: commands and options" {
  zsh -f "$shell/tests/complete.zsh" "$shell/completion" 'dh dele' 'dh run f --service-' 'dh run f --action s' \
    >"$BATS_TEST_TMPDIR/shown"
  shown=$(cat "$BATS_TEST_TMPDIR/shown")
  within "$shown" delete-function
  within "$shown" --service-port
  within "$shown" --service-type
  within "$shown" 'serve'
}
