import { create } from "@bufbuild/protobuf";
import {
  type ListLocksRequest,
  type ListLocksResponse,
  ListLocksResponseSchema,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import type { EngineState } from "../engine/state.ts";
import type { Lock } from "../kernel/lock.ts";
import { Violations } from "../kernel/violations.ts";
import { summarizeLock } from "./describe-lock.ts";

/** A page of the locks in this coordinator's memory, by name. The cursor is the last name of the page before. */
export function listLocks(state: EngineState, request: ListLocksRequest): ListLocksResponse {
  const limit = request.limit || LIMITS.pageSizeDefault;
  const found = new Violations();
  found.number("limit", limit, 1, LIMITS.pageSize);
  for (const field of ["prefix", "cursor"] as const)
    if (request[field] !== "" && !LIMITS.lockName.test(request[field]))
      found.add(field, "is not part of a lock's name");
  found.check();
  const { prefix, cursor } = request;
  const locks: Lock[] = [];
  for (const shard of state.shards.serving)
    for (const { lock } of shard.locks.values())
      if (lock.name > cursor && lock.name.startsWith(prefix)) locks.push(lock);
  locks.sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = locks.slice(0, limit);
  return create(ListLocksResponseSchema, {
    locks: page.map((lock) => summarizeLock(state, lock)),
    nextCursor: locks.length > limit ? (page.at(-1)?.name ?? "") : "",
  });
}

/** One page of the pages of several coordinators. */
export function joinLockPages(pages: readonly ListLocksResponse[], request: ListLocksRequest): ListLocksResponse {
  const limit = request.limit || LIMITS.pageSizeDefault;
  const locks = pages.flatMap((page) => page.locks).sort((a, b) => (a.name < b.name ? -1 : 1));
  const more = locks.length > limit || pages.some(({ nextCursor }) => nextCursor !== "");
  const page = locks.slice(0, limit);
  return create(ListLocksResponseSchema, { locks: page, nextCursor: more ? (page.at(-1)?.name ?? "") : "" });
}
