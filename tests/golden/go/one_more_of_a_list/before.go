package app

func Routes(r *Router) {
	r.Get("/a", a)
	r.Get("/b", b)
	r.Get("/c", c)
}
