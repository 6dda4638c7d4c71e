import type { ReactNode } from "react";
import { CommandLine } from "../explain/reasons.tsx";
import { ButtonLink } from "../ui/button-link.tsx";
import { Glyph } from "../ui/glyph.tsx";

/** A page that has nothing to show yet says how there comes to be something, and ticks off what is done. */
export function FirstSteps({ workers }: { readonly workers: number }) {
  return (
    <section className="part" aria-label="First steps">
      <h2>First steps</h2>
      <ol className="steps">
        <Step done={workers > 0} title="A worker connects">
          <CommandLine text="TSS_COORDINATOR=host:7400 TSS_API_KEY=tss_… npx tss-agent" />
        </Step>
        <Step done={false} title="A task is submitted">
          <CommandLine text={'npx tss task create --name hello --command "echo hello"'} />
          <ButtonLink to="/submit" glyph="plus" method="TaskService/SubmitTasks">
            Submit a task
          </ButtonLink>
        </Step>
        <Step done={false} title="It runs, and this page shows it">
          {null}
        </Step>
      </ol>
    </section>
  );
}

function Step(props: { readonly done: boolean; readonly title: string; readonly children: ReactNode }) {
  return (
    <li>
      <span className={`state ${props.done ? "good" : "waiting"}`}>
        <Glyph name={props.done ? "check" : "circle"} />
        <span className="off-screen">{props.done ? "done: " : "to do: "}</span>
        {props.title}
      </span>
      {!props.done && props.children}
    </li>
  );
}
