// ... existing code ...

func (p Policy) delay(attempt int) time.Duration {
	// NOTE: a shift by more than 62 bits would be negative.
	if attempt > 30 {
		attempt = 30
	}
	d := p.Base << attempt
	// ... existing code ...
}

// ... existing code ...
