import { type ReactNode, useEffect, useId, useRef } from "react";
import { IconButton } from "./button.tsx";

/**
 * A dialog of the browser's own: it holds the focus, closes with Escape, gives the focus back, and everything behind it is inert.
 * It is in the page only while it is open.
 */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={box}
      className={props.wide ? "dialog wide" : "dialog"}
      aria-labelledby={title}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onPointerDown={(event) => {
        if (event.target === box.current) props.onClose();
      }}
    >
      <div className="dialog-body">
        <header className="dialog-head">
          <h2 id={title}>{props.title}</h2>
          <IconButton glyph="cross" label="Close" onClick={props.onClose} />
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
