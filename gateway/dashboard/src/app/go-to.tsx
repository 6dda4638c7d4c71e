import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, lazy, Suspense, useId, useRef, useState } from "react";
import { Glyph } from "../ui/glyph.tsx";
import type { Command } from "./palette.ts";

const PaletteList = lazy(async () => ({ default: (await import("./palette-list.tsx")).PaletteList }));

/** From anywhere to a task by its id, a search, a page, queue or worker, or to something that can be done from everywhere. */
export function GoTo() {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const commands = useRef<readonly Command[]>([]);
  const input = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const id = useId();
  const leave = () => {
    setText("");
    setChosen(-1);
    input.current?.blur();
  };
  const run = (command: Command) => {
    leave();
    command.run();
  };
  const search = () => void navigate({ to: "/tasks", search: { q: text.trim() } });
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const count = commands.current.length;
    if (step !== undefined && count > 0) {
      event.preventDefault();
      setChosen(chosen < 0 && step < 0 ? count - 1 : (chosen + step + count) % count);
    } else if (event.key === "Enter") {
      const command = commands.current[chosen];
      if (command !== undefined) run(command);
      else if (text.trim() !== "") {
        search();
        leave();
      }
    } else if (event.key === "Escape") leave();
  };
  return (
    <search className="go-to">
      <Glyph name="search" />
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label="Go to a task, search, page, queue or worker"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && chosen >= 0 ? `${id}-list-${chosen}` : undefined}
        placeholder="Task id, search, queue …"
        data-shortcut="go-to"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(-1);
        }}
        onKeyDown={keys}
      />
      <kbd aria-hidden="true">{/Mac/.test(navigator.platform) ? "⌘" : "Ctrl "}K</kbd>
      {open && (
        <Suspense>
          <PaletteList
            id={`${id}-list`}
            text={text.trim()}
            chosen={chosen}
            onSearch={search}
            onRun={run}
            onCommands={(shown) => {
              commands.current = shown;
            }}
          />
        </Suspense>
      )}
    </search>
  );
}
