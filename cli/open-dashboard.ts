import type { Settings } from "../runtime/settings-table.ts";
import { openPage } from "./open-page.ts";
import { signInLink } from "./sign-in-link.ts";

/**
 * Opens a page of the dashboard, signed in where that is possible.
 * @param place what follows `#/` in the page's address.
 * @param note tells the link where no browser can be opened.
 */
export async function openDashboard(
  settings: Settings,
  url: string,
  place: string,
  note: (text: string) => void,
): Promise<boolean> {
  const link = await signInLink(settings, place);
  const opened = await openPage(link ?? url);
  if (!opened && link !== undefined) note(`Open this within a minute to be signed in, once:\n${link}`);
  return opened;
}
