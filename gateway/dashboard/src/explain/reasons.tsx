import type { ExplanationJson } from "../../../../proto/gen/tss/v1/task_service_pb.js";
import { CopyButton } from "../ui/copy-button.tsx";
import { displayText } from "../ui/display-text.ts";
import { ServerText } from "../ui/server-text.tsx";

/**
 * The most telling reason as a sentence, what to do about it, and the others on demand.
 * @param quiet without what to do: the page has it already.
 */
export function Reasons(props: { readonly reasons: readonly ExplanationJson[]; readonly quiet?: boolean }) {
  const [first, ...others] = props.reasons;
  const quiet = props.quiet === true;
  if (first === undefined) return null;
  return (
    <div>
      <ReasonLine reason={first} quiet={quiet} />
      {others.length > 0 && (
        <details>
          <summary>{others.length === 1 ? "One more reason" : `${others.length} more reasons`}</summary>
          {others.map((other) => (
            <ReasonLine key={`${other.code} ${other.message}`} reason={other} quiet={quiet} />
          ))}
        </details>
      )}
    </div>
  );
}

function ReasonLine({ reason, quiet }: { readonly reason: ExplanationJson; readonly quiet: boolean }) {
  const { message, action, command } = reason;
  return (
    <>
      <p>
        <strong>
          <ServerText text={message ?? ""} />
        </strong>{" "}
        {action !== undefined && !quiet && (
          <span className="why-action">
            <ServerText text={action} />
          </span>
        )}
      </p>
      {command !== undefined && !quiet && <CommandLine text={command} />}
    </>
  );
}

/** A line for the shell, ready to be taken along. */
export function CommandLine({ text }: { readonly text: string }) {
  return (
    <p className="command-line">
      <code>{displayText(text)}</code>
      <CopyButton name="the command" text={() => text} />
    </p>
  );
}
