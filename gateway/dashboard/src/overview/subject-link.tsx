import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** A link to where a subject such as `queue/mail` is looked at; without such a place nothing. */
export function SubjectLink({ subject, children }: { readonly subject: string; readonly children: ReactNode }) {
  const [kind = "", ...rest] = subject.split("/");
  const name = rest.join("/");
  if (kind === "pool")
    return (
      <Link to="/workers" className="button">
        {children}
      </Link>
    );
  if (name === "") return null;
  if (kind === "queue")
    return (
      <Link to="/queue/$name" params={{ name }} className="button">
        {children}
      </Link>
    );
  if (kind === "task")
    return (
      <Link to="/task/$id" params={{ id: name }} className="button">
        {children}
      </Link>
    );
  if (kind === "type")
    return (
      <Link to="/tasks" search={{ q: `type:${name}` }} className="button">
        {children}
      </Link>
    );
  return null;
}
