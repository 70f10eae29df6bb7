// ... existing code ...
      <td>{formatDate(order.placedAt)}</td>
      <td>{order.status}</td>
      <td className="num">{order.total}</td>
// ... existing code ...
  const [page, setPage] = useState(0);

  useEffect(() => {
    setPage(0);
  }, [query]);

  useEffect(() => {
    let alive = true;
// ... existing code ...
              <th>Placed</th>
              <th>Status</th>
              <th>Total</th>
// ... existing code ...
