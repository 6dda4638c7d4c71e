/** The API key that a lock is held with; tasks have none. */
export function KeyName({ id }: { readonly id: string | undefined }) {
  return id === undefined || id === "task" ? <span className="dim">–</span> : <code className="dim">{id}</code>;
}
