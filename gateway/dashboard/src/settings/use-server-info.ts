import { useQuery } from "@tanstack/react-query";
import { call } from "../api/call.ts";

const AGAIN_MS = 5_000;

export function useServerInfo() {
  return useQuery({
    queryKey: ["server"],
    queryFn: ({ signal }) => call("StatsService", "getServerInfo", {}, signal),
    refetchInterval: AGAIN_MS,
  });
}
