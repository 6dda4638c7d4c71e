import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { hasEnded } from "../tasks/state-words.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { PayloadView } from "./payload-view.tsx";

/** What went in and what came out, as text and never as anything else. */
export function InputResult({ task }: { readonly task: TaskJson }) {
  const { spec, result, error } = task;
  const command = spec?.command ?? "";
  const argv = spec?.argv ?? [];
  const env = Object.entries(spec?.env ?? {});
  return (
    <div className="input-result">
      {command !== "" && <Block title="Command" text={command} />}
      {argv.length > 0 && (
        <Block title="Program and arguments" text={argv.map((item) => JSON.stringify(item)).join("\n")} />
      )}
      {env.length > 0 && (
        <section>
          <h2>Environment</h2>
          <Facts facts={env.map(([name, value]) => [name, <code key={name}>{displayText(value)}</code>])} />
        </section>
      )}
      {spec?.payload !== undefined && <PayloadView title="Input" payload={spec.payload} />}
      {error !== undefined && (
        <Block title={`Error${error.type ? `: ${displayText(error.type)}` : ""}`} text={error.message ?? ""} />
      )}
      {result !== undefined ? (
        <PayloadView title="Result" payload={result} />
      ) : (
        <p className="dim">
          {hasEnded(task.status) ? "It gave no result." : "Its result is shown here when it has one."}
        </p>
      )}
    </div>
  );
}

function Block({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <section>
      <h2>{title}</h2>
      <div className="code-block">
        <pre>{displayText(text, 200_000)}</pre>
        <CopyButton name={title.toLowerCase()} text={() => text} />
      </div>
    </section>
  );
}
