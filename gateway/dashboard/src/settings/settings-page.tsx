import { may } from "../session/session.ts";
import { useTitle } from "../ui/use-title.ts";
import { About } from "./about.tsx";
import { ApiKeys } from "./api-keys.tsx";
import { Checks } from "./checks.tsx";
import "../styles/settings.css";

export function SettingsPage() {
  useTitle("Settings");
  return (
    <div className="page">
      <h1>Settings</h1>
      {may("ApiKeyService/ListApiKeys") && <ApiKeys />}
      <div className="settings-columns">
        <Checks />
        <About />
      </div>
    </div>
  );
}
