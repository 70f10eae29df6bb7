func (s *Store) Deactivate(ctx context.Context, id int64) error {
	_, err := s.db.ExecContext(ctx, "UPDATE accounts SET active = false WHERE id = $1", id)
	return err
}
