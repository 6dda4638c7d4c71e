import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { type DescriptorProto, type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/**
 * Writes gateway/openapi/comments.json: the comments of the protos by full name, which generated code does not carry.
 * Run it after a change of a comment: `node gateway/openapi/write-comments.ts`.
 */
export function readComments(): Record<string, string> {
  const root = join(import.meta.dirname, "../..");
  const image = execFileSync(join(root, "node_modules/.bin/buf"), ["build", "--as-file-descriptor-set", "-o", "-"], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  const comments: Record<string, string> = {};
  for (const file of fromBinary(FileDescriptorSetSchema, image).file)
    if (file.package === "tss.v1") addFile(file, comments);
  return Object.fromEntries(Object.entries(comments).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function addFile(file: FileDescriptorProto, comments: Record<string, string>): void {
  for (const { path, leadingComments } of file.sourceCodeInfo?.location ?? []) {
    const name = leadingComments.trim() === "" ? null : nameAt(file, path);
    if (name !== null) comments[`${file.package}.${name}`] = leadingComments.trim().replace(/\s*\n\s*/g, " ");
  }
}

/** Numbers of descriptor.proto: file → message 4, enum 5, service 6; message → field 2; enum → value 2; service → method 2. */
function nameAt(file: FileDescriptorProto, path: readonly number[]): string | null {
  const [kind, index, inner, innerIndex] = path;
  if (path.length !== 2 && path.length !== 4) return null;
  const outer =
    kind === 4
      ? file.messageType[index!]
      : kind === 5
        ? file.enumType[index!]
        : kind === 6
          ? file.service[index!]
          : undefined;
  if (outer === undefined) return null;
  if (path.length === 2) return outer.name;
  if (inner !== 2) return null;
  const parts =
    kind === 4
      ? (outer as DescriptorProto).field
      : kind === 5
        ? (outer as { value: { name: string }[] }).value
        : (outer as { method: { name: string }[] }).method;
  const part = (parts as { name: string }[])[innerIndex!];
  return part === undefined ? null : `${outer.name}.${part.name}`;
}

export const COMMENTS_FILE = join(import.meta.dirname, "comments.json");

if (process.argv[1] === import.meta.filename)
  writeFileSync(COMMENTS_FILE, `${JSON.stringify(readComments(), null, 1)}\n`);
