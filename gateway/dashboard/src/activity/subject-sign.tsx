import { Link } from "@tanstack/react-router";
import { Glyph } from "../ui/glyph.tsx";

/** The way to the queue or lock that something happened to. Tasks are links in the sentence itself. */
export function SubjectSign({ subject }: { readonly subject: string }) {
  const [kind, name = ""] = subject.split("/");
  if (name === "") return null;
  if (kind === "queue")
    return (
      <Link to="/queue/$name" params={{ name }} aria-label={`Queue ${name}`}>
        <Glyph name="right" />
      </Link>
    );
  if (kind === "lock")
    return (
      <Link to="/locks/$name" params={{ name }} aria-label={`Lock ${name}`}>
        <Glyph name="right" />
      </Link>
    );
  return null;
}
