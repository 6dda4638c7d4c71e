/** Shapes that tell states apart without their colour, and the few signs of the controls. 16 × 16, drawn with the text's colour. */
const SHAPES = {
  circle: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11z",
  clock: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11z M8 5v3.2l2.2 1.6",
  ban: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11z M4.2 11.8l7.6-7.6",
  pause: "M5.5 3.5v9 M10.5 3.5v9",
  play: "M5 3l8 5l-8 5z",
  stop: "M4 4h8v8H4z",
  check: "M3 8.5l3.5 3.5L13 4.5",
  retry: "M12.8 6A5.3 5.3 0 1 0 13.3 9 M13.3 2.6v3.6H9.7",
  cross: "M4 4l8 8 M12 4l-8 8",
  minus: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11z M5.2 8h5.6",
  triangle: "M8 2.8l6 10.4H2z M8 6.8v3 M8 11.6v.1",
  search: "M7 2.8a4.2 4.2 0 1 0 0 8.4a4.2 4.2 0 0 0 0-8.4z M10.2 10.2L13.5 13.5",
  copy: "M5.5 5.5h7v8h-7z M10.5 5.5v-3h-7v8h2",
  down: "M4 6l4 4l4-4",
  right: "M6 4l4 4l-4 4",
  left: "M10 4l-4 4l4 4",
  up: "M4 10l4-4l4 4",
  download: "M8 2.5v7.5 M4.8 7l3.2 3.2L11.2 7 M3 13.2h10",
  menu: "M2.5 4.5h11 M2.5 8h11 M2.5 11.5h11",
  person: "M8 2.5a2.6 2.6 0 1 0 0 5.2a2.6 2.6 0 0 0 0-5.2z M3 13.5c0-2.6 2.2-4 5-4s5 1.4 5 4",
  list: "M5.5 4h8 M5.5 8h8 M5.5 12h8 M2.5 4h.1 M2.5 8h.1 M2.5 12h.1",
  gauge: "M2.6 11.5a5.6 5.6 0 1 1 10.8 0 M8 10l2.6-3.4",
  queue: "M2.5 4h11 M2.5 8h11 M2.5 12h6",
  worker: "M3 3.5h10v4H3z M3 9h10v3.5H3z M5.2 5.5h.1 M5.2 10.8h.1",
  lock: "M3.5 7.5h9v6h-9z M5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  plus: "M8 3v10 M3 8h10",
  gear: "M8 5.6a2.4 2.4 0 1 0 0 4.8a2.4 2.4 0 0 0 0-4.8z M8 2v1.8 M8 12.2V14 M2 8h1.8 M12.2 8H14 M3.8 3.8l1.2 1.2 M11 11l1.2 1.2 M3.8 12.2L5 11 M11 5l1.2-1.2",
  alert: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11z M8 5v3.5 M8 10.8v.1",
  activity: "M2 8.5h3L7 3.5l2.5 9l1.7-4H14",
  external: "M6.5 3.5h-3v9h9v-3 M9 3.5h3.5V7 M12.5 3.5L7.5 8.5",
  sun: "M8 5.4a2.6 2.6 0 1 0 0 5.2a2.6 2.6 0 0 0 0-5.2z M8 1.8v1.4 M8 12.8v1.4 M1.8 8h1.4 M12.8 8h1.4 M3.6 3.6l1 1 M11.4 11.4l1 1 M3.6 12.4l1-1 M11.4 4.6l1-1",
  moon: "M13 9.6A5.4 5.4 0 0 1 6.4 3A5.4 5.4 0 1 0 13 9.6z",
  screen: "M2.5 3.5h11v7.5h-11z M6 13.5h4",
  keyboard: "M2 4.5h12v7H2z M4.5 7h.1 M7 7h.1 M9.5 7h.1 M12 7h.1 M5 9.5h6",
  wrap: "M2.5 4h11 M2.5 8h8.5a2 2 0 0 1 0 4H8.5 M10 10.5L8.5 12l1.5 1.5 M2.5 12h3",
  link: "M6.8 9.2a2.4 2.4 0 0 1 0-3.4l2-2a2.4 2.4 0 0 1 3.4 3.4l-1 1 M9.2 6.8a2.4 2.4 0 0 1 0 3.4l-2 2a2.4 2.4 0 0 1-3.4-3.4l1-1",
} as const;

export type GlyphName = keyof typeof SHAPES;

/** Filled shapes read as "going on" beside the drawn ones. */
const FILLED: ReadonlySet<GlyphName> = new Set(["play", "stop"]);

export function Glyph({ name, className = "" }: { readonly name: GlyphName; readonly className?: string }) {
  return (
    <svg
      className={`glyph ${className}`}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
    >
      <path
        d={SHAPES[name]}
        fill={FILLED.has(name) ? "currentColor" : "none"}
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
