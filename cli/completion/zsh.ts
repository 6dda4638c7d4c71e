import type { CommandShape, FlagShape } from "../command-shapes.ts";
import { argumentValues, flagValues, type Values } from "./value-kind.ts";

/** The script that makes zsh complete `tss`. */
export function zshScript(commands: readonly CommandShape[], topics: Readonly<Record<string, string>>): string {
  const single = commands.filter((command) => !command.name.includes(" "));
  const first = [
    ...single.map((command) => item(command.name, command.summary)),
    ...Object.entries(topics).map(([name, text]) => item(name, text)),
  ];
  return `#compdef tss
# Completion of tss for zsh. Put this line into ~/.zshrc, after compinit:
#   source <(tss completion zsh)
_tss_asked() { local -a values; values=(\${(f)"$(tss complete $1 2>/dev/null)"}); compadd -a values; }
_tss() {
  local command=$words[2]
  case $command in tasks|workers|queues|keys) command=\${command%s} ;; esac
  if (( CURRENT == 2 )); then
    local -a first=(${first.join(" ")})
    _describe 'command' first; return
  fi
  case $command in
${Object.keys(topics)
  .map((topic) => topicCase(topic, commands))
  .join("\n")}
  *) shift words; (( CURRENT -= 1 )) ;;
  esac
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}
compdef _tss tss
`;
}

function topicCase(topic: string, commands: readonly CommandShape[]): string {
  const verbs = commands.filter((command) => command.name.startsWith(`${topic} `));
  const items = verbs.map((command) => item(command.name.slice(topic.length + 1), command.summary));
  return `  ${topic})
    if (( CURRENT == 3 )); then
      local -a verbs=(${items.join(" ")})
      _describe 'command' verbs; return
    fi
    command="$command $words[3]"; shift 2 words; (( CURRENT -= 2 )) ;;`;
}

function commandCase(command: CommandShape): string {
  const rest = actionFor(argumentValues(command)) ?? (command.usage.join(" ").includes("-- ") ? "_normal" : "");
  const specs = [...command.flags.map(flagSpec), quote(`*:${command.args[0]?.name ?? "argument"}:${rest || " "}`)];
  return `  ${quote(command.name)}) _arguments -S ${specs.join(" ")} ;;`;
}

function flagSpec(flag: FlagShape): string {
  const text = `[${flag.description.replace(/[[\]:]/g, " ")}]`;
  const value = flag.value === undefined ? "" : `:${flag.name}:${actionFor(flagValues(flag)) ?? " "}`;
  const long = quote(`*--${flag.name}${flag.value === undefined ? "" : "="}${text}${value}`);
  return flag.char === undefined ? long : `${long} ${quote(`*-${flag.char}${text}${value}`)}`;
}

function actionFor(values: Values): string | undefined {
  switch (values?.kind) {
    case "words":
      return `(${values.words.join(" ")})`;
    case "asked":
      return `{_tss_asked ${values.values}}`;
    case "files":
      return "_files";
    default:
      return undefined;
  }
}

function item(name: string, text: string): string {
  return quote(`${name}:${text.replaceAll(":", " ")}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
