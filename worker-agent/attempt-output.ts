import { LogStream } from "../proto/gen/tss/v1/task_service_pb.js";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { WorkSession } from "../sdk/typescript/worker/work-session-types.ts";
import { type Collector, createCollector } from "./output/collector.ts";
import type { Frame } from "./output/frame.ts";
import { createShipper, type Shipper } from "./output/shipper.ts";
import { openSpool } from "./output/spool.ts";

export interface AttemptOutput {
  readonly collector: Collector;
  readonly shipper: Shipper;
  /** Standard error among the newest 256 KiB. */
  errors(): Uint8Array;
  /** No more output comes. Returns the bytes there were. */
  finish(): number;
  close(): void;
}

/** Output kept from behind the limit: what a person looks at first after a failure. */
const TAIL_BYTES = 256 * 1024;

/** The way of an attempt's output: from the pipes to the disk, and from there to the coordinator. */
export function openOutput(
  directory: string,
  lease: { readonly id: string; readonly fencingToken: bigint },
  options: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly logLimit: number;
    readonly session: () => WorkSession;
  },
): AttemptOutput {
  const spool = openSpool(directory, { headBytes: options.logLimit, tailBytes: TAIL_BYTES });
  const shipper = createShipper(spool, (frame, elidedBytes) => {
    options.session().log({
      id: lease.id,
      fencingToken: lease.fencingToken,
      offset: BigInt(frame.offset),
      stream: frame.stream,
      data: frame.data,
      at: { seconds: BigInt(Math.floor(frame.at / 1000)), nanos: Math.round((frame.at % 1000) * 1e6) },
      elidedBytes: BigInt(elidedBytes),
    });
  });
  const keep = (frame: Frame): void => {
    spool.append(frame);
    try {
      shipper.pump();
    } catch (error) {
      // The command goes on; what the disk does not give back is missing in the log.
      options.logger.error({ task: lease.id, error }, "an attempt's output could not be read back from the disk");
    }
  };
  const collector = createCollector(options.clock, spool.totalBytes, keep, spool.hold);
  return {
    collector,
    shipper,
    errors() {
      const frames = [...spool.tailFrames(0)].filter(({ stream }) => stream === LogStream.STDERR);
      return Buffer.concat(frames.map(({ data }) => data));
    },
    finish() {
      collector.flush();
      shipper.finish();
      return spool.totalBytes;
    },
    close() {
      shipper.close();
      spool.close();
    },
  };
}
