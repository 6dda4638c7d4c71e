import { type FormEvent, useId, useState } from "react";
import type { RoleJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { call } from "../api/call.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Note } from "../ui/note.tsx";
import { useAction } from "../ui/use-action.ts";
import { ROLES, roleWord } from "./roles.ts";

const DAYS_MOST = 366;

/** Makes a key and shows it this once. */
export function CreateKeyDialog({ onMade, onClose }: { readonly onMade: () => void; readonly onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<RoleJson>("ROLE_VIEWER");
  const [days, setDays] = useState("90");
  const [tried, setTried] = useState(false);
  const [secret, setSecret] = useState("");
  const { busy, problem, act } = useAction();
  const id = useId();
  const number = Number(days);
  const wrongName = name.trim() === "" ? "Say what the key is for." : undefined;
  const wrongDays = number > 0 && number <= DAYS_MOST ? undefined : `More than 0, at most ${DAYS_MOST}.`;
  const create = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (wrongName !== undefined || wrongDays !== undefined) return;
    const ttl = `${Math.round(number * 86_400)}s`;
    void act(async () => {
      const made = await call("ApiKeyService", "createApiKey", { name: name.trim(), role, ttl });
      setSecret(made.secret ?? "");
      onMade();
    });
  };
  if (secret !== "")
    return (
      <Dialog title="The new key" onClose={onClose}>
        <p>It is shown this once: nobody can see it again. Whoever has it may do what a {roleWord(role)} may.</p>
        <p className="secret">
          <code>{secret}</code>
          <CopyButton name="the key" text={() => secret} />
        </p>
        <div className="dialog-actions">
          <Button look="primary" onClick={onClose}>
            I have kept it
          </Button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title="Create an API key" onClose={onClose}>
      <form className="dialog-form" onSubmit={create} noValidate>
        <Field
          name="name"
          label="Name"
          hint="what it is for, such as the host that will have it"
          value={name}
          onChange={setName}
          problem={tried ? wrongName : undefined}
        />
        <div className="field">
          <label htmlFor={id}>Role</label>
          <select id={id} value={role} onChange={(event) => setRole(event.target.value as RoleJson)}>
            {ROLES.map(({ role: each, does }) => (
              <option key={each} value={each}>
                {roleWord(each)}: {does}
              </option>
            ))}
          </select>
        </div>
        <Field name="days" label="Good for, days" value={days} onChange={setDays} problem={wrongDays} />
        {problem !== undefined && <Note meaning="bad">{problem.message}</Note>}
        <div className="dialog-actions">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look="primary" glyph="plus" busy={busy}>
            Create the key
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
