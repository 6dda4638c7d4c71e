import { useEffect } from "react";
import { Glyph } from "../ui/glyph.tsx";
import { type Command, matching } from "./palette.ts";
import { useCommands } from "./use-commands.ts";

/** What can be chosen below the field. The first is what Enter does when nothing else is chosen. */
export function PaletteList(props: {
  readonly id: string;
  readonly text: string;
  readonly chosen: number;
  /** Searches tasks for what is written. */
  readonly onSearch: () => void;
  readonly onCommands: (commands: readonly Command[]) => void;
  readonly onRun: (command: Command) => void;
}) {
  const { id, text, chosen, onSearch, onCommands, onRun } = props;
  const all = useCommands();
  const search: Command = { label: `Tasks that fit “${text}”`, kind: "search", glyph: "search", run: onSearch };
  const shown = text === "" ? matching(all, "") : [search, ...matching(all, text)];
  useEffect(() => onCommands(shown));
  return (
    <div role="listbox" id={id} aria-label="Go to" className="suggestions palette">
      {shown.map((command, index) => (
        <div
          key={`${command.kind} ${index}`}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === chosen}
          onPointerDown={(event) => {
            event.preventDefault();
            onRun(command);
          }}
        >
          <Glyph name={command.glyph} />
          <span>{command.label}</span>
          <span className="dim">{command.kind}</span>
        </div>
      ))}
    </div>
  );
}
