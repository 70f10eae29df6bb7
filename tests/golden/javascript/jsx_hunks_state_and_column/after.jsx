import { useEffect, useMemo, useState } from 'react';
import { Link } from 'react-router-dom';
import { Spinner } from '../ui/Spinner';
import { formatDate } from '../lib/dates';
import { fetchOrders } from '../api/orders';

const PAGE = 20;

function OrderRow({ order, onSelect }) {
  return (
    <tr onClick={() => onSelect(order)}>
      <td>
        <Link to={`/orders/${order.id}`}>{order.number}</Link>
      </td>
      <td>{order.customer.name}</td>
      <td>{formatDate(order.placedAt)}</td>
      <td>{order.status}</td>
      <td className="num">{order.total}</td>
    </tr>
  );
}

function EmptyState({ query }) {
  if (query) {
    return <p className="empty">No order matches “{query}”.</p>;
  }
  return <p className="empty">No orders yet.</p>;
}

export function OrderTable({ onSelect }) {
  const [orders, setOrders] = useState(null);
  const [query, setQuery] = useState('');
  const [page, setPage] = useState(0);

  useEffect(() => {
    setPage(0);
  }, [query]);

  useEffect(() => {
    let alive = true;
    fetchOrders().then((rows) => {
      if (alive) setOrders(rows);
    });
    return () => {
      alive = false;
    };
  }, []);

  const visible = useMemo(() => {
    if (!orders) return [];
    return orders.filter((order) => order.number.includes(query));
  }, [orders, query]);

  if (!orders) {
    return <Spinner label="Loading orders" />;
  }

  return (
    <section className="orders">
      <header>
        <h2>Orders</h2>
        <input
          type="search"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
      </header>
      {visible.length === 0 ? (
        <EmptyState query={query} />
      ) : (
        <table>
          <thead>
            <tr>
              <th>Number</th>
              <th>Customer</th>
              <th>Placed</th>
              <th>Status</th>
              <th>Total</th>
            </tr>
          </thead>
          <tbody>
            {visible.slice(page * PAGE, (page + 1) * PAGE).map((order) => (
              <OrderRow key={order.id} order={order} onSelect={onSelect} />
            ))}
          </tbody>
        </table>
      )}
      <footer>
        <button onClick={() => setPage(page - 1)}>Back</button>
        <button onClick={() => setPage(page + 1)}>Next</button>
      </footer>
    </section>
  );
}
