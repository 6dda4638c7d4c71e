import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

export interface DashboardFile {
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly gzip: Buffer;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The built pages of a folder, in memory: `index.html` and what lies in `assets`. Nothing else can be asked for. */
export function readDashboardFiles(folder: string): ReadonlyMap<string, DashboardFile> {
  const files = new Map<string, DashboardFile>();
  for (const name of ["index.html", ...readdirSync(join(folder, "assets")).map((file) => `assets/${file}`)]) {
    const contentType = TYPES[extname(name)];
    if (contentType === undefined) continue;
    const bytes = readFileSync(join(folder, name));
    const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
    files.set(name, { contentType, bytes, gzip: gzipSync(bytes, { level: 9 }), etag });
  }
  return files;
}
