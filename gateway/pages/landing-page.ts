import { readVersion } from "../../runtime/version.ts";
import { escapeHtml, htmlPage } from "./html.ts";

const SUBMIT = `curl -s http://127.0.0.1:7480/task/submit \\
  -H "Authorization: Bearer $TSS_API_KEY" -H "Content-Type: application/json" \\
  -d '{"name":"Test Task","command":"echo hello"}'`;

const FOLLOW = `curl -sN -H "Authorization: Bearer $TSS_API_KEY" "http://127.0.0.1:7480/task/logs/ID?follow=1"`;

/** The first page somebody sees: what this is and what to do next. */
export function landingPage(): string {
  return htmlPage(
    "TSS",
    `<h1>TSS ${escapeHtml(readVersion())}</h1>
<p>This is the gateway of a Task Scheduling System. It takes work, runs it on its worker agents, and tells how it went.</p>
<h2>Look around</h2>
<ul>
<li><a href="docs">docs</a> — every call, with its fields and limits</li>
<li><a href="openapi.json">openapi.json</a> — the same for programs (OpenAPI 3.1)</li>
<li><a href="readyz">readyz</a> — whether a coordinator answers, <a href="healthz">healthz</a>, <a href="metrics">metrics</a></li>
</ul>
<h2>Submit a task</h2>
<p>Every call needs an API key. <code>npm start</code> keeps its first one in <code>./.tss/credentials</code>; <code>npx tss key create</code> makes more.</p>
<pre>export TSS_API_KEY=$(cat ./.tss/credentials)
${escapeHtml(SUBMIT)}</pre>
<p>Follow what it prints, from its first byte to its end:</p>
<pre>${escapeHtml(FOLLOW)}</pre>
<p>Or on the command line: <code>npx tss task view</code> is a live table of all tasks.</p>
<p class="dim">This version has no dashboard yet.</p>`,
  );
}
