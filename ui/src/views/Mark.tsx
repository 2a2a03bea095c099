/** Mark is the sign of Everspan. */
export function Mark() {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path fill="currentColor" d="M1 2h14v3H1zm2 4.500h9v3H3zm3 4.500h5v3H6z" />
    </svg>
  )
}
