import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { type DescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Descriptors of a set of services, looked up as server reflection asks for them. */
export interface DescriptorIndex {
  readonly services: readonly string[];
  /** The file and everything it imports, each once, the file first; undefined: not known. */
  byFileName(name: string): readonly Uint8Array[] | undefined;
  /** @param symbol a service, method, message, field, oneof, enum, enum value or extension, fully qualified */
  bySymbol(symbol: string): readonly Uint8Array[] | undefined;
  byExtension(type: string, number: number): readonly Uint8Array[] | undefined;
  /** Numbers of the extensions of a message type; undefined: there is no such type. */
  extensionNumbers(type: string): readonly number[] | undefined;
}

/** Indexes the files of these services and all they import. */
export function indexDescriptors(services: readonly DescService[]): DescriptorIndex {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescFile>>();
  const add = (file: DescFile): void => {
    if (files.has(file.proto.name)) return;
    files.set(file.proto.name, file);
    for (const symbol of symbolsOf(file)) symbols.set(symbol, file);
    for (const { extendee, number } of extensionsOf(file)) {
      const numbers = extensions.get(extendee) ?? new Map<number, DescFile>();
      extensions.set(extendee, numbers.set(number, file));
    }
    for (const dependency of file.dependencies) add(dependency);
  };
  for (const service of services) add(service.file);
  const known = (file: DescFile | undefined) => file && withImports(file);
  return {
    services: services.map(({ typeName }) => typeName).sort(),
    byFileName: (name) => known(files.get(name)),
    bySymbol: (symbol) => known(symbols.get(symbol)),
    byExtension: (type, number) => known(extensions.get(type)?.get(number)),
    extensionNumbers: (type) =>
      symbols.has(type) ? [...(extensions.get(type)?.keys() ?? [])].sort((a, b) => a - b) : undefined,
  };
}

function withImports(file: DescFile, seen = new Set<DescFile>()): Uint8Array[] {
  if (seen.has(file)) return [];
  seen.add(file);
  return [
    toBinary(FileDescriptorProtoSchema, file.proto),
    ...file.dependencies.flatMap((dependency) => withImports(dependency, seen)),
  ];
}

function* symbolsOf({ proto }: DescFile): Generator<string> {
  const scope = proto.package === "" ? "" : `${proto.package}.`;
  for (const message of proto.messageType) yield* symbolsOfMessage(scope, message);
  for (const { name, value } of proto.enumType) {
    yield scope + name;
    for (const { name } of value) yield scope + name;
  }
  for (const { name } of proto.extension) yield scope + name;
  for (const { name, method } of proto.service) {
    yield scope + name;
    for (const { name: methodName } of method) yield `${scope}${name}.${methodName}`;
  }
}

function* symbolsOfMessage(scope: string, message: DescriptorProto): Generator<string> {
  const name = scope + message.name;
  yield name;
  const parts = [message.field, message.oneofDecl, message.extension, message.enumType];
  for (const part of parts.flat()) yield `${name}.${part.name}`;
  for (const { value } of message.enumType) for (const { name: valueName } of value) yield `${name}.${valueName}`;
  for (const nested of message.nestedType) yield* symbolsOfMessage(`${name}.`, nested);
}

function* extensionsOf({ proto }: DescFile): Generator<{ readonly extendee: string; readonly number: number }> {
  yield* proto.extension.map(asExtension);
  for (const message of proto.messageType) yield* extensionsOfMessage(message);
}

function* extensionsOfMessage(
  message: DescriptorProto,
): Generator<{ readonly extendee: string; readonly number: number }> {
  yield* message.extension.map(asExtension);
  for (const nested of message.nestedType) yield* extensionsOfMessage(nested);
}

function asExtension({ extendee, number }: { readonly extendee: string; readonly number: number }) {
  return { extendee: extendee.replace(/^\./, ""), number };
}
