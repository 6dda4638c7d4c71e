import { openConnection } from "../../../sdk/typescript/connection/open-connection.ts";
import { workSessions } from "../../../sdk/typescript/worker/open-work-session.ts";
import type { Fault, Scene } from "../system/fault.ts";

const CONNECTIONS = 20;

/** Workers that are there and take nothing, many to a connection. */
function openSessions({ system: { coordinators, key } }: Scene, count: number) {
  let connected = 0;
  const ignore = () => {};
  const connections = Array.from({ length: CONNECTIONS }, (_, at) => {
    const { front } = coordinators[at % coordinators.length] as (typeof coordinators)[number];
    return openConnection({ address: `127.0.0.1:${front.port}`, apiKey: key });
  });
  const sessions = Array.from({ length: count }, (_, at) => {
    let isConnected = false;
    const gone = () => {
      if (isConnected) connected--;
      isConnected = false;
    };
    return workSessions(connections[at % CONNECTIONS]!, { onDisconnected: gone })({
      worker: { name: `idle-${at}`, slots: 1, commands: true, queues: ["nobody-submits-here"] },
      held: () => [],
      events: {
        onConnected() {
          gone();
          isConnected = true;
          connected++;
        },
        onLease: ignore,
        onCancel: ignore,
        onLogAck: ignore,
        onOutcomeAck: ignore,
        onDrain: ignore,
      },
    });
  });
  let closing: Promise<void> | undefined;
  return {
    connected: () => connected,
    close() {
      closing ??= Promise.all(sessions.map((session) => session.close())).then(() => {
        for (const connection of connections) connection.close();
      });
      return closing;
    },
  };
}

/** @param count sessions that come back at once. */
export function reconnectStorm(count: number): Fault {
  return {
    name: "reconnect-storm",
    says: `${count} sessions of workers lose their connections at once, with those of the agents`,
    promise: "all are back within 30 s; the work of others goes on; nothing is lost, nothing is started again",
    boundMs: 30_000,
    patienceMs: 150_000,
    terms: "patient",
    async apply(scene) {
      const idle = openSessions(scene, count);
      scene.afterwards(() => idle.close());
      await scene.until("all to be connected", () => idle.connected() === count);
      for (const { front } of scene.system.coordinators) front.reset();
      await scene.until("the loss to be noticed", () => idle.connected() < count);
      const lost = count - idle.connected();
      return {
        hold: () => scene.until("all to be back", () => idle.connected() === count),
        heal: () => idle.close(),
        bit: () => (lost > 0 ? [`${lost} sessions or more were cut`] : []),
      };
    },
  };
}
