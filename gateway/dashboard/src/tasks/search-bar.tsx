import { type KeyboardEvent, useId, useMemo, useRef, useState } from "react";
import { parseSearch } from "../../../../proto/search/parse-search.ts";
import { IconButton } from "../ui/button.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { MarkedText } from "./marked-text.tsx";
import { suggest } from "./search/suggest.ts";

/**
 * The search as text, with help while it is written and with what is wrong said under its word.
 * @param known values met in practice, by field, for the suggestions.
 */
export function SearchBar(props: {
  readonly text: string;
  readonly known: Readonly<Record<string, readonly string[]>>;
  readonly onSearch: (text: string) => void;
}) {
  const [draft, setDraft] = useState({ text: props.text, of: props.text });
  // The address has changed by other means: a filter, or the way back.
  if (draft.of !== props.text) setDraft({ text: props.text, of: props.text });
  const { text } = draft;
  const input = useRef<HTMLInputElement>(null);
  const [cursor, setCursor] = useState(0);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const id = useId();
  const problems = useMemo(() => parseSearch(text, Date.now()).problems, [text]);
  const list = open ? suggest(text, cursor, props.known) : [];

  const write = (next: string, at: number) => {
    setDraft({ text: next, of: props.text });
    setCursor(at);
    setChosen(-1);
  };
  const take = (index: number) => {
    const suggestion = list[index];
    if (suggestion === undefined) return;
    write(suggestion.text, suggestion.cursor);
    requestAnimationFrame(() => input.current?.setSelectionRange(suggestion.cursor, suggestion.cursor));
  };
  const search = () => {
    setOpen(false);
    props.onSearch(text.trim());
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      if (open && chosen >= 0) take(chosen);
      else search();
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      setOpen(false);
    } else if (event.key === "ArrowDown" && list.length > 0) {
      event.preventDefault();
      setChosen((chosen + 1) % list.length);
    } else if (event.key === "ArrowUp" && list.length > 0) {
      event.preventDefault();
      setChosen((chosen - 1 + list.length) % list.length);
    } else if (event.key === "Tab" && open && chosen >= 0) {
      event.preventDefault();
      take(chosen);
    }
  };
  return (
    <search className="search-bar">
      <div className="search-line">
        <Glyph name="search" />
        <div className="search-field">
          <MarkedText text={text} problems={problems} />
          <input
            ref={input}
            type="text"
            id={`${id}-input`}
            data-shortcut="search"
            role="combobox"
            aria-label="Search tasks"
            aria-expanded={list.length > 0}
            aria-controls={`${id}-list`}
            aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
            aria-autocomplete="list"
            aria-invalid={problems.length > 0}
            aria-describedby={problems.length > 0 ? `${id}-problems` : undefined}
            placeholder="status:failed queue:mail -label:test wait:>30s — or a name, or an id"
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={(event) => {
              write(event.target.value, event.target.selectionStart ?? event.target.value.length);
              setOpen(true);
            }}
            onSelect={(event) => setCursor(event.currentTarget.selectionStart ?? 0)}
            onFocus={() => setOpen(true)}
            onBlur={() => setOpen(false)}
            onKeyDown={keys}
          />
        </div>
        {text !== "" && (
          <IconButton
            glyph="cross"
            label="Clear the search"
            onClick={() => {
              write("", 0);
              props.onSearch("");
            }}
          />
        )}
      </div>
      <div role="listbox" id={`${id}-list`} aria-label="Suggestions" className="suggestions" hidden={list.length === 0}>
        {list.map(({ label, hint }, index) => (
          <div
            key={label}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            onPointerDown={(event) => {
              event.preventDefault();
              take(index);
            }}
          >
            <code>{label}</code> <span className="dim">{hint}</span>
          </div>
        ))}
      </div>
      <ul id={`${id}-problems`} className="search-problems" aria-live="polite">
        {problems.map(({ start, end, message }) => (
          <li key={`${start}-${message}`}>
            <Glyph name="triangle" /> <code>{text.slice(start, end)}</code> {message}
          </li>
        ))}
      </ul>
    </search>
  );
}
