import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import type { TaskSpecJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { call } from "../api/call.ts";
import { Problem, toProblem } from "../api/problem.ts";
import { useCounts } from "../tasks/use-counts.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Note } from "../ui/note.tsx";
import { checkDraft, type Problems } from "./check-draft.ts";
import type { Draft, Kind } from "./draft.ts";

const KINDS: readonly (readonly [Kind, string])[] = [
  ["command", "Shell command"],
  ["argv", "Program"],
  ["type", "Handler"],
];

/** @param rest what goes along without a field of its own. */
export function SubmitForm({ initial, rest }: { readonly initial: Draft; readonly rest: TaskSpecJson }) {
  const [draft, setDraft] = useState(initial);
  const [problems, setProblems] = useState<Problems>({});
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const navigate = useNavigate();
  const { queues } = useCounts("");
  // Sent again after an answer that was lost, the same form makes the same task.
  const requestId = useRef("");

  const field = (name: keyof Draft) => ({
    name,
    value: draft[name],
    problem: problems[name],
    onChange: (value: string) => {
      setDraft({ ...draft, [name]: value });
      setProblems(({ [name]: _, ...others }) => others);
      requestId.current = "";
    },
  });
  const fail = (found: Problems) => {
    setProblems(found);
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const { spec, problems: found } = checkDraft(draft);
    setProblem("");
    if (Object.keys(found).length > 0) return fail(found);
    setBusy(true);
    requestId.current ||= `ui-${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
    try {
      const answer = await call("TaskService", "submitTasks", {
        tasks: [{ ...rest, ...spec }],
        requestId: requestId.current,
      });
      const [result] = answer.results ?? [];
      if (result?.id === undefined) throw new Problem("INVALID_ARGUMENT", result?.error?.message ?? "It was refused.");
      await navigate({ to: "/task/$id", params: { id: result.id } });
    } catch (error) {
      setProblem(toProblem(error).message);
    }
    setBusy(false);
  };
  return (
    <form ref={form} className="form" onSubmit={(event) => void submit(event)} noValidate>
      <fieldset className="kinds">
        <legend>What it runs</legend>
        {KINDS.map(([kind, label]) => (
          <label key={kind}>
            <input
              type="radio"
              name="kind"
              checked={draft.kind === kind}
              onChange={() => setDraft({ ...draft, kind })}
            />{" "}
            {label}
          </label>
        ))}
      </fieldset>
      {draft.kind === "command" && (
        <Field {...field("command")} label="Command" rows={3} mono hint="a line for the agent's shell" />
      )}
      {draft.kind === "argv" && (
        <Field
          {...field("argv")}
          label="Program and arguments"
          rows={4}
          mono
          hint="one a line, without a shell; a line in quotes is read as JSON"
        />
      )}
      {draft.kind === "type" && (
        <Field {...field("type")} label="Handler" mono hint="the type your worker registered" />
      )}
      <Field {...field("payload")} label="Input" rows={draft.kind === "type" ? 6 : 3} mono hint="JSON; empty: none" />
      <div className="form-row">
        <Field {...field("name")} label="Name" hint="empty: what it runs" />
        <Field {...field("queue")} label="Queue" hint="empty: default" options={queues} />
        {draft.kind !== "type" && (
          <Field
            {...field("workingDirectory")}
            label="Directory"
            mono
            hint="on the worker; empty: the agent's choice"
          />
        )}
      </div>
      <div className="form-row">
        <Field {...field("priority")} label="Priority" hint="−128 to 127, higher first" />
        <Field {...field("delay")} label="Delay" hint="such as 30s, 10m, 2h" />
        <Field {...field("timeout")} label="Timeout" hint="of one attempt" />
        <Field {...field("retries")} label="Retries" hint="0 to 99" />
        <Field {...field("retryInterval")} label="Retry pause" hint="such as 5s" />
      </div>
      <div className="form-row">
        <Field {...field("labels")} label="Labels" rows={3} mono hint="name=value, one a line" />
        <Field
          {...field("locks")}
          label="Locks"
          rows={3}
          mono
          hint="it holds while it runs; name or name:permits, one a line"
        />
        {draft.kind !== "type" && (
          <Field {...field("env")} label="Environment" rows={3} mono hint="NAME=value, one a line" />
        )}
      </div>
      {problem !== "" && <Note meaning="bad">{problem}</Note>}
      <Button type="submit" look="primary" glyph="plus" busy={busy}>
        Submit
      </Button>
    </form>
  );
}
