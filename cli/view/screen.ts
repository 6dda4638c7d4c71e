/** The whole terminal, drawn over in place; it is given back as it was. */
export interface Screen {
  readonly width: number;
  readonly height: number;
  draw(lines: readonly string[]): void;
  close(): void;
}

const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
/** Terminals that know it show a frame at once, others ignore it. */
const FRAME_BEGIN = "\u001b[?2026h\u001b[H";
const FRAME_END = "\u001b[J\u001b[?2026l";

/**
 * Takes the terminal over until `close`.
 * @param onKey called with each key pressed; Ctrl-C is "\u0003".
 * @param onResize called after the terminal has another size.
 */
export function openScreen(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  onKey: (key: string) => void,
  onResize: () => void,
): Screen {
  let open = true;
  const listen = (chunk: Buffer) => onKey(chunk.toString());
  const close = () => {
    if (!open) return;
    open = false;
    input.removeListener("data", listen);
    output.removeListener("resize", onResize);
    process.removeListener("exit", close);
    if (input.isTTY) input.setRawMode(false);
    input.pause();
    output.write(LEAVE);
  };
  if (input.isTTY) {
    input.setRawMode(true);
    input.on("data", listen);
    input.resume();
  }
  output.on("resize", onResize);
  process.on("exit", close);
  output.write(ENTER);
  return {
    get width() {
      return output.columns || 80;
    },
    get height() {
      return output.rows || 24;
    },
    draw(lines) {
      if (!open) return;
      const shown = lines.slice(0, output.rows || 24).map((line) => `${line}\u001b[K`);
      output.write(FRAME_BEGIN + shown.join("\r\n") + FRAME_END);
    },
    close,
  };
}
