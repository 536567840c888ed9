# Types each line into an interactive zsh with the completion of the folder $1, presses Tab, and shows what comes.
zmodload zsh/zpty
zpty shell "zsh -f -i"
zpty -w shell "PS1='ready> '; TERM=dumb; LISTMAX=1000; fpath=($1 \$fpath)
autoload -Uz compinit; compinit -u -D; echo set-up"
zpty -r shell seen '*set-up*set-up*'
shift
for line in $@; do
  zpty -w -n shell $line$'\t\t'
  sleep 1
  while zpty -rt shell seen; do print -r -- $seen; done
  zpty -w -n shell $'\C-u'
done
zpty -d shell
