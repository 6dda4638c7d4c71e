import { type FormEvent, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { displayText } from "../ui/display-text.ts";
import { Field } from "../ui/field.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { Menu } from "../ui/menu.tsx";
import { useStore } from "../ui/store.ts";
import { keepViews, MOST_VIEWS, VIEW_NAME_CHARACTERS, views, withView } from "./views.ts";

/** Searches that were given a name in this browser. @param props.sound the search can be run as it stands. */
export function ViewMenu(props: {
  readonly text: string;
  readonly sound: boolean;
  readonly onSearch: (text: string) => void;
}) {
  const { text, sound, onSearch } = props;
  const [naming, setNaming] = useState(false);
  const all = useStore(views);
  const now = all.find(({ q }) => q === text);
  const items = [
    ...all.map(({ name, q }) => ({ label: displayText(name), checked: q === text, run: () => onSearch(q) })),
    ...(now === undefined && sound && text !== "" && all.length < MOST_VIEWS
      ? [{ label: "Keep this search …", glyph: "plus" as const, run: () => setNaming(true) }]
      : []),
    ...(now === undefined
      ? []
      : [
          {
            label: `Forget “${displayText(now.name)}”`,
            glyph: "cross" as const,
            run: () => keepViews(all.filter((view) => view !== now)),
          },
        ]),
  ];
  if (items.length === 0) return null;
  return (
    <>
      <Menu label={`Views: ${now?.name ?? "none"}`} items={items}>
        <Glyph name="list" />
        {now === undefined ? "Views" : displayText(now.name, 24)}
        <Glyph name="down" />
      </Menu>
      {naming && <NameDialog q={text} onClose={() => setNaming(false)} />}
    </>
  );
}

function NameDialog({ q, onClose }: { readonly q: string; readonly onClose: () => void }) {
  const [name, setName] = useState("");
  const [asked, setAsked] = useState(false);
  const problem = problemOf(name.trim());
  const keep = (event: FormEvent) => {
    event.preventDefault();
    setAsked(true);
    if (problem !== undefined) return;
    keepViews(withView(views.get(), { name: name.trim(), q }));
    onClose();
  };
  const known = views.get().some((view) => view.name === name.trim());
  return (
    <Dialog title="Keep this search" onClose={onClose}>
      <form className="dialog-form" onSubmit={keep}>
        <p>
          <code>{displayText(q, 300)}</code>
        </p>
        <Field
          name="name"
          label="Name"
          hint={
            known
              ? "There is one of this name: it becomes this search."
              : "Kept in this browser; to share the search, share the address of the page."
          }
          value={name}
          onChange={setName}
          problem={asked ? problem : undefined}
        />
        <div className="dialog-actions">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look="primary">
            Keep it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function problemOf(name: string): string | undefined {
  if (name === "") return "Say what it is to be called.";
  return [...name].length > VIEW_NAME_CHARACTERS ? `At most ${VIEW_NAME_CHARACTERS} characters.` : undefined;
}
