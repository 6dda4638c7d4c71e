import { type KeyboardEvent, type ReactNode, useId, useRef } from "react";
import { Glyph, type GlyphName } from "./glyph.tsx";

export interface MenuItem {
  readonly label: string;
  readonly glyph?: GlyphName;
  /** What is chosen now, in a menu of alternatives. */
  readonly checked?: boolean;
  readonly run: () => void;
}

/** A button with a menu: the browser's popover (top layer, closes on Escape and outside), and arrows between the items. */
export function Menu(props: {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly children: ReactNode;
  readonly className?: string;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const items = () => [...(list.current?.querySelectorAll<HTMLButtonElement>("[role^=menuitem]") ?? [])];
  const move = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const to = {
      ArrowDown: (at + 1) % all.length,
      ArrowUp: (at - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[to]?.focus();
  };
  const toggled = (open: boolean) => {
    button.current?.setAttribute("aria-expanded", String(open));
    if (!open) return;
    place(button.current, list.current);
    (items().find((item) => item.ariaChecked === "true") ?? items()[0])?.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className={`button ${props.className ?? "plain"}`}
        popoverTarget={id}
        aria-haspopup="menu"
        aria-expanded="false"
        aria-label={props.label}
        title={props.label}
      >
        {props.children}
      </button>
      <div
        ref={list}
        id={id}
        className="menu"
        popover="auto"
        role="menu"
        aria-label={props.label}
        onKeyDown={move}
        onToggle={(event) => toggled(event.newState === "open")}
      >
        {props.items.map((item) => (
          <button
            key={`${item.checked === undefined} ${item.label}`}
            type="button"
            tabIndex={-1}
            role={item.checked === undefined ? "menuitem" : "menuitemradio"}
            {...(item.checked === undefined ? {} : { "aria-checked": item.checked })}
            onClick={() => {
              list.current?.hidePopover();
              button.current?.focus();
              item.run();
            }}
          >
            {item.checked !== undefined ? (
              <Glyph name="check" className={item.checked ? "" : "unseen"} />
            ) : (
              item.glyph && <Glyph name={item.glyph} />
            )}
            {item.label}
          </button>
        ))}
      </div>
    </>
  );
}

/** Below its button, and within the window. */
function place(button: HTMLElement | null, list: HTMLElement | null): void {
  if (button === null || list === null) return;
  const box = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = list;
  const left = Math.max(8, Math.min(box.left, innerWidth - width - 8));
  const below = box.bottom + 4;
  list.style.left = `${left}px`;
  list.style.top = `${below + height > innerHeight - 8 ? Math.max(8, box.top - height - 4) : below}px`;
}
