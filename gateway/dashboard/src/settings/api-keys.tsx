import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiKeyJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { call } from "../api/call.ts";
import { toProblem } from "../api/problem.ts";
import { may } from "../session/session.ts";
import { readStamp } from "../time/format.ts";
import { useNow } from "../time/ticking.ts";
import { Age } from "../time/time.tsx";
import { Button } from "../ui/button.tsx";
import { displayText } from "../ui/display-text.ts";
import { Note, Skeleton } from "../ui/note.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { CreateKeyDialog } from "./create-key-dialog.tsx";
import { KeyBadge } from "./key-badge.tsx";
import { RevokeKeyDialog } from "./revoke-key-dialog.tsx";
import { roleWord } from "./roles.ts";

const COLUMNS: readonly Column[] = [
  { name: "Name" },
  { name: "Role", wide: true },
  { name: "State" },
  { name: "Id", wide: true },
  { name: "Last used", number: true, wide: true },
  { name: "Expires", number: true, wide: true },
  { name: "Revoke", number: true },
];

/** The keys there are; keys themselves are shown once, when they are made. */
export function ApiKeys() {
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<ApiKeyJson>();
  const queries = useQueryClient();
  const now = useNow();
  const { data, error } = useQuery({
    queryKey: ["keys"],
    queryFn: ({ signal }) => call("ApiKeyService", "listApiKeys", {}, signal),
  });
  const usable = (key: ApiKeyJson) =>
    key.revokedAt === undefined && (readStamp(key.expiresAt) ?? Number.POSITIVE_INFINITY) > now;
  const keys = [...(data?.apiKeys ?? [])].sort((a, b) => Number(usable(b)) - Number(usable(a)));
  const changed = () => void queries.invalidateQueries({ queryKey: ["keys"] });
  return (
    <section className="part">
      <div className="page-head">
        <h2>API keys</h2>
        {may("ApiKeyService/CreateApiKey") && (
          <Button glyph="plus" onClick={() => setMaking(true)}>
            Create a key
          </Button>
        )}
      </div>
      {error !== null && <Note meaning="bad">{toProblem(error).message}</Note>}
      {data === undefined ? (
        error === null && <Skeleton rows={3} />
      ) : (
        <Table
          name="API keys"
          columns={COLUMNS}
          rows={keys.map((key) => ({
            key: key.id ?? "",
            cells: [
              displayText(key.name ?? "", 200),
              roleWord(key.role),
              <KeyBadge key="state" apiKey={key} now={now} />,
              <code key="id">{key.id}</code>,
              key.lastUsedAt === undefined ? "never" : <Age key="used" at={key.lastUsedAt} />,
              <Age key="expires" at={key.expiresAt} />,
              usable(key) && may("ApiKeyService/RevokeApiKey") && (
                <Button key="revoke" aria-label={`Revoke ${key.name}`} onClick={() => setRevoking(key)}>
                  Revoke
                </Button>
              ),
            ],
          }))}
        />
      )}
      {making && <CreateKeyDialog onMade={changed} onClose={() => setMaking(false)} />}
      {revoking !== undefined && (
        <RevokeKeyDialog apiKey={revoking} onRevoked={changed} onClose={() => setRevoking(undefined)} />
      )}
    </section>
  );
}
