// ... existing code ...

export function OrderTable({ onSelect }) {
  // ... existing hooks ...

  return (
    <section className="orders">
      {/* ... header and table unchanged ... */}
      <footer>
        <button disabled={page === 0} onClick={() => setPage(page - 1)}>
          Back
        </button>
        <button onClick={() => setPage(page + 1)}>Next</button>
      </footer>
    </section>
  );
}
