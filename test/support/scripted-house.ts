import { EventEmitter, on } from "node:events";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Operations } from "../../coordinator/operations/operations.ts";
import { TssError } from "../../proto/errors.ts";
import type { GetOverviewResponse, Queue, Role, Worker } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { type Task, TaskReason, TaskSchema, type TaskSpec, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { type EdgeUnderTest, startEdge } from "./edge-server.ts";
import { fakeOperations } from "./fake-operations.ts";
import { scriptedOperator } from "./scripted-operator.ts";
import { scriptedTasks } from "./scripted-tasks.ts";

/** A piece of output as a test gives it. */
export interface Written {
  readonly attempt: number;
  readonly offset: number;
  readonly data: Buffer;
  readonly stderr: boolean;
  readonly elidedBytes: number;
}

export type TaskInit = Partial<Omit<Task, "$typeName" | "$unknown">>;

/**
 * A coordinator whose tasks do what a test says, behind the real gRPC edge. It keeps no promise of the engine: it is
 * there to see what a client asks and to answer it.
 */
export interface House {
  readonly edge: EdgeUnderTest;
  readonly address: string;
  /** Settings of a client with the admin's key. */
  readonly env: Readonly<Record<string, string>>;
  /** The tasks of each message. */
  readonly submitted: TaskSpec[][];
  readonly tasks: Map<string, Task>;
  readonly output: Map<string, Written[]>;
  readonly cancelled: string[];
  readonly operator: OperatorState;
  /** Called with each new task; a test scripts its life here. */
  onSubmit: (task: Task, spec: TaskSpec) => void;
  /** Calls of `tailLogs`: attempt and offset asked for. */
  readonly tails: { attempt: number; offset: number }[];
  /** Breaks the connection of a running `tailLogs` once this many pieces went out over it. */
  breakAfter: number;
  /** Waited for before that connection breaks: what a client has not read by then is lost to it. */
  beforeBreak: () => Promise<void>;
  add(task: TaskInit): Task;
  change(id: string, change: TaskInit): void;
  write(id: string, text: string | Buffer, where?: { attempt?: number; stderr?: boolean; elidedBytes?: number }): void;
  /** Ends a task; its output is complete. */
  end(id: string, status: TaskStatus, reason?: TaskReason, rest?: TaskInit): void;
  /** Resolves when `look` holds after some change. */
  until(look: () => boolean): Promise<void>;
  keyOf(role: Role): string;
  close(): Promise<void>;
}

export interface OperatorState {
  workers: Worker[];
  queues: Queue[];
  overview: Partial<Omit<GetOverviewResponse, "$typeName" | "$unknown">>;
  /** Milliseconds the coordinator's clock is ahead. */
  clockAheadMs: number;
  drained: string[];
}

export async function startHouse(): Promise<House> {
  const events = new EventEmitter();
  events.setMaxListeners(0);
  let made = 0;
  const changed = () => events.emit("changed");
  const state = {
    submitted: [] as TaskSpec[][],
    tasks: new Map<string, Task>(),
    output: new Map<string, Written[]>(),
    cancelled: [] as string[],
    tails: [] as { attempt: number; offset: number }[],
    operator: { workers: [], queues: [], overview: {}, clockAheadMs: 0, drained: [] } as OperatorState,
    breakAfter: Number.POSITIVE_INFINITY,
    beforeBreak: async () => {},
    onSubmit: (() => {}) as House["onSubmit"],
  };
  const house = Object.assign(state, {
    add(init: TaskInit): Task {
      made += 1;
      const createdAt = timestampFromMs(Date.now());
      const task = create(TaskSchema, {
        id: `task${made.toString().padStart(22, "0")}`,
        name: "a task",
        queue: "default",
        status: TaskStatus.WAITING,
        reason: TaskReason.READY,
        maxAttempts: 1,
        createdAt,
        updatedAt: createdAt,
        ...init,
      });
      state.tasks.set(task.id, task);
      changed();
      return task;
    },
    change(id: string, change: TaskInit): void {
      state.tasks.set(id, create(TaskSchema, { ...find(id), ...change }));
      changed();
    },
    write(id: string, text: string | Buffer, where: { attempt?: number; stderr?: boolean; elidedBytes?: number } = {}) {
      const { attempt = 1, stderr = false, elidedBytes = 0 } = where;
      const written = state.output.get(id) ?? [];
      const last = written.findLast((piece) => piece.attempt === attempt);
      const offset = (last === undefined ? 0 : last.offset + last.data.length) + elidedBytes;
      state.output.set(id, [...written, { attempt, offset, data: Buffer.from(text), stderr, elidedBytes }]);
      if (find(id).attempt < attempt)
        house.change(id, {
          attempt,
          status: TaskStatus.RUNNING,
          reason: TaskReason.EXECUTING,
          startedAt: timestampFromMs(Date.now()),
        });
      changed();
    },
    end(id: string, status: TaskStatus, reason = TaskReason.UNSPECIFIED, rest: TaskInit = {}) {
      house.change(id, { status, reason, endedAt: timestampFromMs(Date.now()), ...rest });
    },
    async until(look: () => boolean): Promise<void> {
      const changes = on(events, "changed");
      if (!look()) for await (const _ of changes) if (look()) break;
      await changes.return?.();
    },
  });
  function find(id: string): Task {
    const task = state.tasks.get(id);
    if (task === undefined) throw new TssError("NOT_FOUND", `There is no task ${id}.`);
    return task;
  }
  const edge = await startEdge({
    operations: fakeOperations({
      tasks: scriptedTasks(house, events, find),
      operator: scriptedOperator(house.operator),
    } as Partial<Operations>),
  });
  const address = edge.server.address;
  return Object.assign(house, {
    edge,
    address,
    env: { TSS_COORDINATOR: address, TSS_API_KEY: edge.key },
    keyOf: (role: Role) => edge.keys.get(role) ?? "",
    close: () => edge.close(),
  });
}
