import { useState } from "react";
import { toProblem } from "../api/problem.ts";
import { IconButton } from "../ui/button.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { useStore } from "../ui/store.ts";
import { downloadLog } from "./download-log.ts";
import { taste } from "./log-panel.tsx";

export function LogToolbar(props: {
  readonly id: string;
  readonly attempt: number;
  readonly find: string;
  readonly matches: number;
  /** Place of the shown match among them; −1: none is. */
  readonly current: number;
  readonly lines: number;
  readonly live: boolean;
  readonly following: boolean;
  readonly onFind: (text: string) => void;
  readonly onStep: (way: 1 | -1) => void;
  readonly onFollow: (on: boolean) => void;
}) {
  const { find, matches, current, lines, live, following, onFind, onStep, onFollow } = props;
  const likes = useStore(taste);
  const [problem, setProblem] = useState("");
  const download = async () => {
    try {
      await downloadLog(props.id, props.attempt);
      setProblem("");
    } catch (error) {
      setProblem(toProblem(error).message);
    }
  };
  return (
    <div className="log-tools" role="toolbar" aria-label="Output">
      <div className="log-find">
        <Glyph name="search" />
        <input
          type="text"
          aria-label="Find in the output"
          placeholder="Find"
          data-shortcut="search"
          value={find}
          onChange={(event) => onFind(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") onStep(event.shiftKey ? -1 : 1);
            else if (event.key === "Escape") onFind("");
          }}
        />
        <span className="dim tabular" role="status">
          {find === ""
            ? ""
            : matches === 0
              ? "no match"
              : current < 0
                ? `${matches} lines`
                : `${current + 1} of ${matches}`}
        </span>
        <IconButton
          glyph="up"
          label="Previous match"
          data-key="N"
          disabled={matches === 0}
          onClick={() => onStep(-1)}
        />
        <IconButton glyph="down" label="Next match" data-key="n" disabled={matches === 0} onClick={() => onStep(1)} />
      </div>
      <span className="dim tabular lines">{lines.toLocaleString("en")} lines</span>
      {live && (
        <button type="button" className="button quiet" aria-pressed={following} onClick={() => onFollow(!following)}>
          <Glyph name={following ? "check" : "down"} /> Follow
        </button>
      )}
      <IconButton
        glyph="wrap"
        label="Break long lines"
        aria-pressed={likes.wrap}
        onClick={() => taste.set({ ...likes, wrap: !likes.wrap })}
      />
      <IconButton
        glyph="clock"
        label="Show times"
        aria-pressed={likes.times}
        onClick={() => taste.set({ ...likes, times: !likes.times })}
      />
      <IconButton glyph="download" label="Download the whole output" onClick={() => void download()} />
      {problem !== "" && <span role="alert">{problem}</span>}
    </div>
  );
}
