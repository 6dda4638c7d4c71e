import { Link } from "@tanstack/react-router";
import { Glyph } from "../ui/glyph.tsx";

/** The way to the queue that something happened to. Tasks are links in the sentence itself. */
export function SubjectSign({ subject }: { readonly subject: string }) {
  const name = subject.startsWith("queue/") ? subject.slice("queue/".length) : "";
  if (name === "") return null;
  return (
    <Link to="/queue/$name" params={{ name }} aria-label={`Queue ${name}`}>
      <Glyph name="right" />
    </Link>
  );
}
