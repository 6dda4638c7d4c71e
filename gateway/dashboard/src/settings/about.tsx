import { Age } from "../time/time.tsx";
import { Facts } from "../ui/facts.tsx";
import { Skeleton } from "../ui/note.tsx";
import { roleWord } from "./roles.ts";
import { useServerInfo } from "./use-server-info.ts";

/** What runs, and who is looking. */
export function About() {
  const { data } = useServerInfo();
  return (
    <section className="part">
      <h2>About</h2>
      {data === undefined ? (
        <Skeleton rows={4} />
      ) : (
        <div className="rail">
          <Facts
            facts={[
              ["TSS", data.version ?? "–"],
              ["Store", `${data.store ?? "–"}, schema ${data.schemaVersion ?? 0}`],
              ["Shards", `${data.shardsOwned ?? 0} of ${data.shards ?? 0} owned by this coordinator`],
              ["Started", <Age key="r" at={data.startedAt} />],
              ["Your role", roleWord(data.role)],
              ["Your key", <code key="k">{data.keyId}</code>],
            ]}
          />
        </div>
      )}
    </section>
  );
}
