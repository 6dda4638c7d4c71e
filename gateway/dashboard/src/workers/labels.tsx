import { displayText } from "../ui/display-text.ts";

export function Labels({ labels }: { readonly labels: Readonly<Record<string, string>> }) {
  const all = Object.entries(labels);
  if (all.length === 0) return <span className="dim">–</span>;
  return (
    <span className="labels">
      {all.map(([name, value]) => (
        <span key={name} className="label">
          {displayText(`${name}=${value}`, 80)}
        </span>
      ))}
    </span>
  );
}
