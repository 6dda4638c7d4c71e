import { join } from "node:path";

/**
 * Environment of programs that tests start: their compiled code is kept in `.cache`, for all of them. With a home of its
 * own and nothing else, each would compile anew, which takes longer than all else that its start does.
 */
export const CODE_CACHE = { NODE_COMPILE_CACHE: join(import.meta.dirname, "../../.cache/node") } as const;
