package retry

import (
	"context"
	"math/rand"
	"time"
)

// Policy says how often and how patiently something is tried again.
type Policy struct {
	Attempts int
	Base     time.Duration
	Max      time.Duration
}

// Default suits calls over a network.
var Default = Policy{
	Attempts: 5,
	Base:     100 * time.Millisecond,
	Max:      5 * time.Second,
}

func (p Policy) delay(attempt int) time.Duration {
	d := p.Base << attempt
	if d > p.Max {
		d = p.Max
	}
	return d/2 + time.Duration(rand.Int63n(int64(d/2)))
}

// Do calls fn until it succeeds, the attempts are used up or ctx ends.
func (p Policy) Do(ctx context.Context, fn func() error) error {
	var err error
	for i := 0; i < p.Attempts; i++ {
		if err = fn(); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(p.delay(i)):
		}
	}
	return err
}
