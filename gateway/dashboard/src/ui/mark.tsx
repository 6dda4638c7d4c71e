/** The sign of TSS. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <rect width="32" height="32" rx="8" className="brand-box" />
      <path d="M8 10h16M8 16h10M8 22h13" className="brand-lines" />
    </svg>
  );
}
