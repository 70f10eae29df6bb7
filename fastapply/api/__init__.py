"""The HTTP service: wire types, thin handlers, problems (RFC 9457), and an app made from settings."""
