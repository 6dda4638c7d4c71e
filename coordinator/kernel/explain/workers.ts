import type { Needs } from "../lane-key.ts";
import { countText, manyText, spanText } from "../words.ts";
import { type Reason, reason, seconds } from "./reason.ts";

/** A worker as far as an explanation asks. */
export interface WorkerFacts {
  readonly name: string;
  readonly mood: "active" | "draining" | "disconnected";
  readonly slots: number;
  readonly held: number;
  /** Leases it would accept now. */
  readonly credit: number;
  /** It reads too slowly, so nothing is sent to it. */
  readonly stalled: boolean;
  readonly silentMs: number;
  readonly commands: boolean;
  /** Whether it may be given secrets. */
  readonly secrets: boolean;
  /** Whether it runs commands as the user, with the umask and within the limits that they ask for. */
  readonly confines: boolean;
  readonly types: ReadonlySet<string>;
  /** Empty: all. */
  readonly queues: ReadonlySet<string>;
  readonly labels: Readonly<Record<string, string>>;
  readonly resources: Readonly<Record<string, number>>;
  readonly used: ReadonlyMap<string, number>;
}

export interface Asked {
  readonly queue: string;
  readonly needs: Needs;
  /** Tasks that ask for it; 0: one. */
  readonly tasks: number;
}

/** What keeps every worker from ever running it; null: some could. */
export function lacking(asked: Asked, workers: readonly WorkerFacts[]): Reason | null {
  const { queue, needs, tasks } = asked;
  const evidence = { workers: String(workers.length), queue };
  const told = { blocking: true, tasks };
  if (workers.length === 0)
    return reason({
      ...{ ...told, code: "no_worker", evidence, command: "tss-agent" },
      message: "No worker is connected.",
      action: "Start an agent: tss-agent",
    });
  const inQueue = workers.filter(({ queues }) => queues.size === 0 || queues.has(queue));
  if (inQueue.length === 0)
    return reason({
      ...{ ...told, code: "no_worker", evidence, command: `TSS_WORKER_QUEUES=${queue} tss-agent` },
      message: `No worker serves queue ${queue}.`,
      action: `Start a worker with TSS_WORKER_QUEUES=${queue}, or submit to another queue.`,
    });
  const able = inQueue.filter(({ commands, types }) => (needs.type === "" ? commands : types.has(needs.type)));
  if (able.length === 0)
    return reason({
      ...{ ...told, code: "no_handler", evidence: { ...evidence, type: needs.type }, command: "tss worker list" },
      message: needs.type === "" ? "No worker of its queue runs commands." : `No worker has the handler ${needs.type}.`,
      action: "Start a worker that can run it, or cancel the task.",
    });
  const trusted = able.filter(({ secrets }) => secrets || !needs.secrets);
  if (trusted.length === 0)
    return reason({
      ...{ ...told, code: "no_secrets", evidence, command: "tss worker list" },
      message: `No worker may be given the secrets it needs (${firstNames(able)}).`,
      action: "Connect a worker over TLS or on the coordinator's machine, of a version that knows secrets.",
    });
  const confining = trusted.filter(({ confines }) => confines || !needs.confined);
  if (confining.length === 0)
    return reason({
      ...{ ...told, code: "no_confinement", evidence, command: "tss worker list" },
      message: `No worker knows how to keep it to the user, umask or limits it asks for (${firstNames(trusted)}).`,
      action: "Upgrade an agent that serves its queue.",
    });
  const labelled = confining.filter(({ labels }) => missingLabels(needs, labels).length === 0);
  if (labelled.length === 0)
    return reason({
      ...{ ...told, code: "selector", evidence: { ...evidence, ...needs.selector }, command: "tss worker list" },
      message: `No worker has the labels it asks for (${closest(needs, confining)}).`,
      action: "Start a worker with these labels, or submit it with another selector.",
    });
  const large = labelled.filter(({ resources }) => tooSmall(needs, resources).length === 0);
  if (large.length > 0) return null;
  return reason({
    ...{ ...told, code: "resources", evidence: { ...evidence, ...numbers(needs.resources) } },
    message: `No worker is large enough for the resources it asks for (${largest(needs, labelled)}).`,
    action: "Start a larger worker, or ask for less.",
    command: "tss worker list",
  });
}

/** Why workers that could run it do not: they are gone, drain, do not take, are full, or lack what is taken. */
export function holding(asked: Asked, serving: readonly WorkerFacts[], expectedAt: number | null): Reason | null {
  const { tasks, needs } = asked;
  const active = serving.filter(({ mood }) => mood === "active");
  const slots = active.reduce((sum, worker) => sum + worker.slots, 0);
  const held = active.reduce((sum, worker) => sum + worker.held, 0);
  const evidence = { workers: String(serving.length), held: String(held), slots: String(slots) };
  const told = { blocking: true, tasks, evidence, command: "tss worker list" };
  if (active.length === 0) {
    const gone = serving.filter(({ mood }) => mood === "disconnected");
    if (gone.length === 0)
      return reason({
        ...{ ...told, code: "workers_draining" },
        message: `${serving.length === 1 ? "The worker" : `All ${serving.length} workers`} that could run it ${serving.length === 1 ? "is" : "are"} draining.`,
        action: "Start another worker.",
      });
    const silentMs = Math.max(...gone.map((worker) => worker.silentMs));
    return reason({
      ...{ ...told, code: "workers_lost", evidence: { ...evidence, silent_seconds: seconds(silentMs) } },
      message: `${gone.length === 1 ? "The worker" : `The ${gone.length} workers`} that could run it ${gone.length === 1 ? "has" : "have"} lost the connection (last heard ${spanText(silentMs)} ago).`,
      action: "See whether they still run and reach the coordinator.",
    });
  }
  const open = active.filter(({ slots: all, held: used }) => used < all);
  if (open.length === 0)
    return reason({
      ...{ ...told, code: "slots_busy", expectedAt },
      message: `Every slot that could run it is taken (${countText(held)} of ${countText(slots)}).`,
      action: "Wait, or add workers or slots.",
    });
  const fitting = open.filter((worker) => taken(needs, worker).length === 0);
  if (fitting.length === 0)
    return reason({
      ...{ ...told, code: "resources_busy", expectedAt, evidence: { ...evidence, ...numbers(needs.resources) } },
      message: `Slots are free, but the resources it asks for are taken (${largestFree(needs, open)}).`,
      action: "Wait, or add a worker that has them.",
    });
  if (fitting.some(({ credit, stalled }) => credit > 0 && !stalled)) return null;
  return reason({
    ...{ ...told, code: "workers_silent" },
    message: `${manyText(fitting.length, "worker")} with free slots ${fitting.length === 1 ? "asks" : "ask"} for nothing${fitting.some(({ stalled }) => stalled) ? " and read too slowly" : ""}.`,
    action: "See whether the worker's process is stuck: its event loop, memory, output.",
  });
}

function missingLabels({ selector }: Needs, labels: Readonly<Record<string, string>>): string[] {
  return Object.keys(selector).filter((name) => labels[name] !== selector[name]);
}

function tooSmall({ resources }: Needs, offered: Readonly<Record<string, number>>): string[] {
  return Object.keys(resources).filter((name) => (resources[name] as number) > (offered[name] ?? 0));
}

const freeOf = ({ resources, used }: WorkerFacts, name: string) => (resources[name] ?? 0) - (used.get(name) ?? 0);

function taken({ resources }: Needs, worker: WorkerFacts): string[] {
  return Object.keys(resources).filter((name) => (resources[name] as number) > freeOf(worker, name));
}

const firstNames = (workers: readonly WorkerFacts[]) =>
  workers
    .slice(0, 3)
    .map(({ name }) => name)
    .join(", ");

/** What the worker that comes nearest lacks. */
function closest(needs: Needs, workers: readonly WorkerFacts[]): string {
  const lacks = workers.map(({ labels }) => missingLabels(needs, labels)).sort((a, b) => a.length - b.length)[0] ?? [];
  return `the nearest lacks ${lacks.map((name) => `${name}=${needs.selector[name]}`).join(", ")}`;
}

function largest({ resources }: Needs, workers: readonly WorkerFacts[]): string {
  return Object.keys(resources)
    .map((name) => [name, Math.max(...workers.map((worker) => worker.resources[name] ?? 0))] as const)
    .filter(([name, most]) => most < (resources[name] as number))
    .map(([name, most]) => `${name} ${resources[name]}, the largest has ${most}`)
    .join("; ");
}

function largestFree({ resources }: Needs, workers: readonly WorkerFacts[]): string {
  return Object.keys(resources)
    .map((name) => `${name} ${resources[name]}, ${Math.max(...workers.map((worker) => freeOf(worker, name)))} free`)
    .join("; ");
}

function numbers(map: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, String(value)]));
}
