import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ... existing code ...

type Account struct {
	ID      int64
	Email   string
	Name    string
	Active  bool
	Created time.Time
}

// Domain returns the part of the address after the @.
func (a *Account) Domain() string {
	_, domain, _ := strings.Cut(a.Email, "@")
	return domain
}

// Store wraps a database handle.
type Store struct {
	// ... existing code ...
