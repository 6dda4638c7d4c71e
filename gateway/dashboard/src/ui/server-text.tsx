import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { formatShort, zone } from "../time/format.ts";
import { serverNow } from "../time/server-clock.ts";
import { displayText } from "./display-text.ts";
import { useStore } from "./store.ts";

/** Ids of tasks and moments, as sentences of the server have them. */
const PARTS = /\b(0[0-9a-z]{25}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)\b/;

/** A sentence of the server: its times in the chosen zone, its tasks as links. */
export function ServerText({ text }: { readonly text: string }): ReactNode {
  const where = useStore(zone);
  return displayText(text)
    .split(PARTS)
    .map((part, index) => {
      if (index % 2 === 0) return part;
      if (!part.endsWith("Z"))
        return (
          <Link key={index} to="/task/$id" params={{ id: part }} className="mono in-text" title={part}>
            {part.slice(0, 6)}…{part.slice(-4)}
          </Link>
        );
      return (
        <time key={index} dateTime={part} title={part}>
          {formatShort(Date.parse(part), serverNow(), where)}
          {where === "utc" ? " UTC" : ""}
        </time>
      );
    });
}
