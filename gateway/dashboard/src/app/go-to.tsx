import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Glyph } from "../ui/glyph.tsx";

/** From anywhere to a task by its id, or to a search for tasks. */
export function GoTo() {
  const [text, setText] = useState("");
  const navigate = useNavigate();
  return (
    <search className="go-to">
      <Glyph name="search" />
      <input
        type="text"
        aria-label="Go to a task by its id, or search tasks"
        placeholder="Task id or search"
        data-shortcut="go-to"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && text.trim() !== "") {
            void navigate({ to: "/tasks", search: { q: text.trim() } });
            setText("");
          } else if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      <kbd aria-hidden="true">{/Mac/.test(navigator.platform) ? "⌘" : "Ctrl "}K</kbd>
    </search>
  );
}
