import { type KeyboardEvent, type ReactNode, useRef } from "react";

export interface Tab {
  readonly id: string;
  readonly label: ReactNode;
}

/** A row of tabs: arrows move between them. @param name what they are tabs of. */
export function Tabs(props: {
  readonly name: string;
  readonly tabs: readonly Tab[];
  readonly current: string;
  readonly onChange: (id: string) => void;
}) {
  const row = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const { tabs, current } = props;
    const at = tabs.findIndex(({ id }) => id === current);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    event.preventDefault();
    props.onChange(next.id);
    row.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <div ref={row} className="tabs" role="tablist" aria-label={props.name} onKeyDown={move}>
      {props.tabs.map(({ id, label }) => (
        <button
          key={id}
          id={`tab-${id}`}
          type="button"
          role="tab"
          aria-selected={id === props.current}
          aria-controls={`panel-${id}`}
          tabIndex={id === props.current ? 0 : -1}
          onClick={() => props.onChange(id)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

export function TabPanel({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  return (
    <section id={`panel-${id}`} role="tabpanel" aria-labelledby={`tab-${id}`} className="tab-panel">
      {children}
    </section>
  );
}
