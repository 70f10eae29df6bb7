func Routes(r *Router) {
	// ... existing routes ...
	r.Get("/d", d)
}
