package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrNotFound is returned when no row matches.
var ErrNotFound = errors.New("store: not found")

// Account is one row of the accounts table.
type Account struct {
	ID      int64
	Email   string
	Active  bool
	Created time.Time
}

// Store wraps a database handle.
type Store struct {
	db *sql.DB
}

// New returns a Store that uses db.
func New(db *sql.DB) *Store {
	return &Store{db: db}
}

// AccountByID loads one account.
func (s *Store) AccountByID(ctx context.Context, id int64) (*Account, error) {
	row := s.db.QueryRowContext(ctx, "SELECT id, email, active, created FROM accounts WHERE id = $1", id)
	var a Account
	if err := row.Scan(&a.ID, &a.Email, &a.Active, &a.Created); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil, ErrNotFound
		}
		return nil, err
	}
	return &a, nil
}

// AccountByEmail loads one account by its address.
func (s *Store) AccountByEmail(ctx context.Context, email string) (*Account, error) {
	row := s.db.QueryRowContext(ctx, "SELECT id, email, active, created FROM accounts WHERE email = $1", email)
	var a Account
	if err := row.Scan(&a.ID, &a.Email, &a.Active, &a.Created); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil, ErrNotFound
		}
		return nil, err
	}
	return &a, nil
}

// Deactivate switches an account off.
func (s *Store) Deactivate(ctx context.Context, id int64) error {
	res, err := s.db.ExecContext(ctx, "UPDATE accounts SET active = false WHERE id = $1", id)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrNotFound
	}
	return nil
}

// Close closes the database handle.
func (s *Store) Close() error {
	return s.db.Close()
}
