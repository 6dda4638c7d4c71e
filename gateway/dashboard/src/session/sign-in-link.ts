const PREFIX = "#/sign-in/";

/** The code of the link that `tss ui` opens, once: it leaves the address bar and the history at once. */
export function takeLink(): string | undefined {
  if (!location.hash.startsWith(PREFIX)) return undefined;
  const [code, ...rest] = location.hash.slice(PREFIX.length).split("/");
  history.replaceState(null, "", `#/${decoded(rest.join("/"))}`);
  return code;
}

/** A link that is opened in a page that is there already signs in like any other. */
export function followLinks(): void {
  addEventListener("hashchange", () => {
    if (location.hash.startsWith(PREFIX)) location.reload();
  });
}

/** What is malformed stays as it is: the page at that address says so. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
