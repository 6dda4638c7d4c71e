/**
 * Opens a page in the user's browser.
 * @returns false when there is none: no display, a remote shell, or the browser could not be started.
 */
export async function openPage(url: string, environment = process.env): Promise<boolean> {
  const remote = environment["SSH_CONNECTION"] !== undefined;
  const headless = process.platform === "linux" && !environment["DISPLAY"] && !environment["WAYLAND_DISPLAY"];
  if (remote || headless) return false;
  try {
    const { default: open } = await import("open");
    const browser = await open(url);
    browser.unref();
    return true;
  } catch {
    return false;
  }
}
