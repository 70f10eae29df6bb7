// ... existing code ...

var Default = Policy{
	Attempts: 8, // ... rest unchanged ...
}

// ... existing code ...

func (p Policy) Forever(ctx context.Context, fn func() error) error {
	for i := 0; ; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := fn(); err == nil {
			return nil
		}
		// ... existing code ...
	}
}
