// Replace the whole cancel(_:) method with this one:
func cancel(_ url: URL) {
    running[url]?.cancel()
    running[url] = nil
    session.configuration.urlCache?.removeCachedResponse(for: URLRequest(url: url))
}
