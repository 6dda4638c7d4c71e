import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { methodName } from "../../coordinator/api/grpc-definition.ts";
import { SERVICES } from "../../coordinator/api/services.ts";
import {
  ExtensionRequestSchema,
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "../../proto/gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as AlphaReflection } from "../../proto/gen/grpc/reflection/v1alpha/reflection_pb.js";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { TestClient } from "../support/grpc-client.ts";

type Question = ServerReflectionRequest["messageRequest"];
let edge: EdgeUnderTest;
let client: TestClient;
beforeAll(async () => {
  edge = await startEdge();
  client = new TestClient(edge.server.address, edge.key);
});
afterAll(async () => {
  client.close();
  await edge.close();
});

async function ask(messageRequest: Question, service = ServerReflection): Promise<ServerReflectionResponse> {
  const call = client.bidi(service.method.serverReflectionInfo);
  const answer = new Promise<ServerReflectionResponse>((resolve, reject) => {
    call.once("data", resolve);
    call.once("error", reject);
  });
  call.write({ host: "h", messageRequest });
  call.end();
  return answer;
}

function files(answer: ServerReflectionResponse): FileDescriptorProto[] {
  if (answer.messageResponse.case !== "fileDescriptorResponse") throw new Error(answer.messageResponse.case);
  return answer.messageResponse.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

test.each([
  ["v1", ServerReflection],
  ["v1alpha", AlphaReflection as unknown as typeof ServerReflection],
])("a generic client learns every service from %s alone", async (_, service) => {
  const listed = await ask({ case: "listServices", value: "" }, service);
  expect(listed).toMatchObject({ validHost: "h", originalRequest: { host: "h" } });
  if (listed.messageResponse.case !== "listServicesResponse") throw new Error("no list");
  const names = listed.messageResponse.value.service.map(({ name }) => name);
  expect(names).toEqual(SERVICES.map(({ typeName }) => typeName).sort());
  const known = new Map<string, FileDescriptorProto>();
  for (const value of names)
    for (const file of files(await ask({ case: "fileContainingSymbol", value }, service))) known.set(file.name, file);
  const ordered: FileDescriptorProto[] = [];
  const add = (name: string) => {
    const file = known.get(name);
    if (!file) throw new Error(`${name} is imported and was not sent`);
    if (ordered.includes(file)) return;
    for (const dependency of file.dependency) add(dependency);
    ordered.push(file);
  };
  for (const name of known.keys()) add(name);
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: ordered }));
  const learnt = names.flatMap((name) => registry.getService(name)?.methods.map(methodName) ?? []);
  expect(learnt.sort()).toEqual(SERVICES.flatMap(({ methods }) => methods.map(methodName)).sort());
});

test.each([
  ["tss.v1.TaskService", "tss/v1/task_service.proto"],
  ["tss.v1.TaskService.SubmitTasks", "tss/v1/task_service.proto"],
  ["tss.v1.Task", "tss/v1/task.proto"],
  ["tss.v1.Task.name", "tss/v1/task.proto"],
  ["tss.v1.TaskSpec.EnvEntry.key", "tss/v1/task.proto"],
  ["tss.v1.TaskStatus", "tss/v1/task.proto"],
  ["tss.v1.TASK_STATUS_RUNNING", "tss/v1/task.proto"],
  ["tss.v1.SubmitResult.result", "tss/v1/task_service.proto"],
  ["grpc.health.v1.HealthCheckResponse.SERVING", "grpc/health/v1/health.proto"],
  ["google.api.http", "google/api/annotations.proto"],
  ["google.rpc.Status", "google/rpc/status.proto"],
  ["google.protobuf.Timestamp", "google/protobuf/timestamp.proto"],
])("symbol %s is in %s", async (value, file) => {
  expect(files(await ask({ case: "fileContainingSymbol", value }))[0]?.name).toBe(file);
});

test("a file comes with everything it imports, each once", async () => {
  const names = files(await ask({ case: "fileByFilename", value: "tss/v1/operator_service.proto" })).map(
    ({ name }) => name,
  );
  expect(names[0]).toBe("tss/v1/operator_service.proto");
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(["google/protobuf/descriptor.proto", "google/protobuf/any.proto"]));
});

test("extensions are found by type and number", async () => {
  const value = create(ExtensionRequestSchema, {
    containingType: "google.protobuf.MethodOptions",
    extensionNumber: 72_295_728,
  });
  expect(files(await ask({ case: "fileContainingExtension", value }))[0]?.name).toBe("google/api/annotations.proto");
  const numbers = await ask({ case: "allExtensionNumbersOfType", value: "google.protobuf.MethodOptions" });
  expect(numbers.messageResponse.value).toMatchObject({ extensionNumber: [72_295_728] });
  const none = await ask({ case: "allExtensionNumbersOfType", value: "tss.v1.Task" });
  expect(none.messageResponse.value).toMatchObject({ baseTypeName: "tss.v1.Task", extensionNumber: [] });
});

test("what is not there is answered, and the stream goes on", async () => {
  const questions: Question[] = [
    { case: "fileByFilename", value: "nothing.proto" },
    { case: "fileContainingSymbol", value: "tss.v1.Nothing" },
    {
      case: "fileContainingExtension",
      value: create(ExtensionRequestSchema, { containingType: "tss.v1.Task", extensionNumber: 1 }),
    },
    { case: "allExtensionNumbersOfType", value: "tss.v1.Nothing" },
  ];
  for (const question of questions)
    expect((await ask(question)).messageResponse).toMatchObject({ case: "errorResponse", value: { errorCode: 5 } });
  expect((await ask({ case: undefined })).messageResponse).toMatchObject({ value: { errorCode: 3 } });
});
