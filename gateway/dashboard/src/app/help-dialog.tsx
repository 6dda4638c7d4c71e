import { may } from "../session/session.ts";
import { Dialog } from "../ui/dialog.tsx";
import { useStore } from "../ui/store.ts";
import { PLACES } from "./navigation.ts";
import { singleKeys } from "./use-shortcuts.ts";

const COMMAND = /Mac/.test(navigator.platform) ? "⌘ K" : "Ctrl K";

const KEYS: readonly (readonly [string, string])[] = [
  [COMMAND, "go to a task, search, page, queue or worker, or do something"],
  ["/", "search on this page"],
  ["j, k", "next, previous row; Enter opens it"],
  ["x", "choose the row; with Shift up to it"],
  ["p", "hold live changes, and let them go on"],
  ["r", "on a task: run it again"],
  ["c", "on a task: cancel it; at charts: beside the day before"],
  ["e", "on a task: edit and submit a copy"],
  ["l", "on a task: its output"],
  ["n, N", "in output: next, previous match"],
  ["?", "these keys"],
];

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  const on = useStore(singleKeys);
  const places = PLACES.filter(({ method }) => may(method)).map(({ key, label }) => [`g ${key}`, label] as const);
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {[...KEYS, ...places].map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label className="check">
        <input type="checkbox" checked={on} onChange={(event) => singleKeys.set(event.target.checked)} /> Single keys do
        something
      </label>
    </Dialog>
  );
}
