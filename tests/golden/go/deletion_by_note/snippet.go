// ... existing code ...

// Do calls fn until it succeeds, the attempts are used up or ctx ends.
func (p Policy) Do(ctx context.Context, fn func() error) error {
	// ... existing code ...
}

// removed: Forever, nobody calls it
