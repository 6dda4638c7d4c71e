const PREFIX = "#/sign-in/";

/** The code of the link that `tss ui` opens, once: it leaves the address bar and the history at once. */
export function takeLink(): string | undefined {
  if (!location.hash.startsWith(PREFIX)) return undefined;
  const [code, ...rest] = location.hash.slice(PREFIX.length).split("/");
  history.replaceState(null, "", `#/${rest.map(decodeURIComponent).join("/")}`);
  return code;
}
