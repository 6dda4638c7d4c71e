import { request } from "../api/fetch-json.ts";

/** Saves the whole kept output of an attempt as a file, byte for byte. @throws Problem */
export async function downloadLog(id: string, attempt: number): Promise<void> {
  const response = await request(`task/logs/${encodeURIComponent(id)}?attempt=${attempt}`, {
    headers: { accept: "text/plain" },
  });
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = `${id}-attempt-${attempt}.log`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
