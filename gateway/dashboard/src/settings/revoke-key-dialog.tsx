import type { ApiKeyJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { call } from "../api/call.ts";
import { session } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { displayText } from "../ui/display-text.ts";
import { Note } from "../ui/note.tsx";
import { useStore } from "../ui/store.ts";
import { useAction } from "../ui/use-action.ts";

/** Asks before a key stops working, and says so if it is one's own. */
export function RevokeKeyDialog(props: {
  readonly apiKey: ApiKeyJson;
  readonly onRevoked: () => void;
  readonly onClose: () => void;
}) {
  const { apiKey, onRevoked, onClose } = props;
  const { id = "", name = "" } = apiKey;
  const who = useStore(session);
  const own = who.kind === "in" && who.who.keyId === id;
  const { busy, problem, act } = useAction();
  const revoke = async () => {
    if (!(await act(() => call("ApiKeyService", "revokeApiKey", { id })))) return;
    onRevoked();
    onClose();
  };
  return (
    <Dialog title="Revoke this key?" onClose={onClose}>
      <p>
        <strong>{displayText(name, 200)}</strong>, <code>{id}</code>. Within a second nobody can use it, and its streams
        are closed. It cannot be taken back.
      </p>
      {own && <Note meaning="attention">It is the key you are signed in with: you will be signed out.</Note>}
      {problem !== undefined && <Note meaning="bad">{problem.message}</Note>}
      <div className="dialog-actions">
        <Button onClick={onClose}>Leave it</Button>
        <Button look="danger" glyph="ban" busy={busy} onClick={() => void revoke()}>
          Revoke the key
        </Button>
      </div>
    </Dialog>
  );
}
