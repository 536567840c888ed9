include "commands";

def quoted: gsub("'"; "'\\''");
# Brackets and colons mean something to _arguments.
def text: gsub("(?<mark>[\\[\\]:])"; "\\\(.mark)") | quoted;
def action:
  if .words then "(\(.words | join(" ")))"
  elif .of == "path" then "_files"
  elif .of then "_dh_existing \(.of)" else "_files" end;

"#compdef dh",
"# Completion of dh for zsh. Made by clients/shell/completion/generate: change that, not this.",
"# Put it into a folder of $fpath under the name _dh.",
"",
"# What there is by now, asked of dh itself; nothing where it can't answer.",
"_dh_existing() {",
"  local -a found",
"  case $1 in",
"    function) found=(${(f)\"$(dh functions --json --all 2>/dev/null | jq -r .name)\"}) ;;",
"    id) found=(${(f)\"$(dh runs --json 2>/dev/null | jq -r .id)\"}) ;;",
"    project) found=(${(f)\"$(dh projects --json --all 2>/dev/null | jq -r .name)\"}) ;;",
"    profile) found=(${(f)\"$(dh profiles --json 2>/dev/null | jq -r '.name // .id')\"}) ;;",
"    secrets) found=(${(f)\"$(dh secrets --json --all 2>/dev/null | jq -r .name)\"}) ;;",
"  esac",
"  compadd -a found",
"}",
"",
"_dh() {",
"  local -a commands",
"  if (( CURRENT == 2 )); then",
"    commands=(",
(commands | "      '\(.verb):\(.help | quoted)'"),
"      'call:Any method, as dh-sidecar call takes it'",
"      'doctor:Says what was found on this machine, and how to mend what is missing'",
"      'help:What there is'",
"      'version:The version of dh-sidecar'",
"    )",
"    _describe command commands",
"    return",
"  fi",
"  local verb=$words[2]",
"  shift words",
"  (( CURRENT-- ))",
"  case $verb in",
(commands
  | . as $command
  | "    \(.verb))",
    "      _arguments -s \\",
    (.options[]
      | "        '\(if .repeated then "*" else "" end)\(.name)[\(.help | text)]"
        + (if .flag then "" else ":value:\(action)" end) + "' \\"),
    ((.words | to_entries[]
      | "        '\(if $command.many then "*" else "\(.key + 1)" end):\(.value.name):"
      + "\(.value | if .of then action else " " end)'"
      + " \\")),
    "        && return",
    "      ;;"),
"  esac",
"}",
"",
"_dh \"$@\""
