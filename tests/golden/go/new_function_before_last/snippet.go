// ... rest of the file is unchanged ...

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return s.db.PingContext(ctx)
}

// Close closes the database handle.
func (s *Store) Close() error {
	return s.db.Close()
}
