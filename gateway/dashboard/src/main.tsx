import "./styles/palette.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/controls.css";
import "./styles/overlays.css";
import "./styles/tasks.css";
import "./styles/task.css";
import "./styles/rail.css";
import "./styles/logs.css";
import "./styles/tables.css";
import "./styles/ansi.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api/problem.ts";
import { createDashboardRouter } from "./app/router.tsx";
import { followTheme } from "./app/theme.ts";
import { beginSession } from "./session/session.ts";
import { SessionGate } from "./session/session-gate.tsx";

/** Reads that fail for a passing reason are tried again; what the server has refused is not. */
const PASSING = new Set(["OFFLINE", "UNAVAILABLE", "DEADLINE_EXCEEDED"]);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 3 && error instanceof Problem && PASSING.has(error.code),
    },
  },
});

followTheme();
void beginSession();
const router = createDashboardRouter();

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <SessionGate>
        <RouterProvider router={router} />
      </SessionGate>
    </QueryClientProvider>
  </StrictMode>,
);
