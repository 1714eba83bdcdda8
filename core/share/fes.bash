# Completions of fes(1) for bash.

_fes() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local i

  COMPREPLY=()
  case $before in
  -l)
    mapfile -t COMPREPLY < <(compgen -W "debug info warn error" -- "$word")
    return
    ;;
  -e) return ;;
  esac

  # Words after the script, or after the code, are arguments of the script.
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
    -l) ((i++)) ;;
    -*) ;;
    *)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    esac
  done

  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "-c -e -h -l -v -w" -- "$word")
  else
    mapfile -t COMPREPLY < <(
      compgen -f -X "!*.lua" -- "$word"
      compgen -d -S / -- "$word"
    )
  fi
}

complete -o filenames -F _fes fes
