import type { CommandShape } from "../command-shapes.ts";
import { argumentValues, commandTree, flagValues, spellings, type Values } from "./value-kind.ts";

/** The script that makes bash complete `tss`. */
export function bashScript(commands: readonly CommandShape[]): string {
  const tree = commandTree(commands);
  const topics = [...tree].filter(([, verbs]) => verbs.length > 0);
  return `# Completion of tss for bash. Put this line into ~/.bashrc:
#   source <(tss completion bash)
_tss_words() { COMPREPLY=($(compgen -W "$1" -- "\${COMP_WORDS[COMP_CWORD]}")); }
_tss_asked() { _tss_words "$(tss complete "$1" 2>/dev/null)"; }
_tss_files() { COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")); }
_tss() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command at
  for ((at = 1; at < COMP_CWORD; at++)); do
    [[ "\${COMP_WORDS[at]}" == -- ]] && { _tss_files; return; }
  done
  if ((COMP_CWORD == 1)); then _tss_words "${[...tree.keys(), "help"].join(" ")}"; return; fi
  command="\${COMP_WORDS[1]}"
  case "$command" in tasks|workers|queues|keys) command="\${command%s}" ;; esac
  case "$command" in
${topics
  .map(
    ([topic, verbs]) =>
      `    ${topic}) if ((COMP_CWORD == 2)); then _tss_words "${verbs.join(" ")}"; return; fi; command+=" \${COMP_WORDS[2]}" ;;`,
  )
  .join("\n")}
  esac
  case "$command" in
${commands.map(commandCase).join("\n")}
  esac
}
complete -F _tss tss
`;
}

function commandCase(command: CommandShape): string {
  const values = command.flags.flatMap((flag) => {
    const action = flag.value === undefined ? undefined : (callFor(flagValues(flag)) ?? "return");
    return action === undefined ? [] : [`        ${spellings(flag).join("|")}) ${action}; return ;;`];
  });
  const flags = command.flags.flatMap(spellings).join(" ");
  return `    "${command.name}")
      case "$before" in
${values.join("\n")}
      esac
      if [[ "$word" == -* ]]; then _tss_words "${flags} --help"; else ${callFor(argumentValues(command)) ?? "return"}; fi ;;`;
}

function callFor(values: Values): string | undefined {
  switch (values?.kind) {
    case "words":
      return `_tss_words "${values.words.join(" ")}"`;
    case "asked":
      return `_tss_asked ${values.values}`;
    case "files":
      return "_tss_files";
    default:
      return undefined;
  }
}
