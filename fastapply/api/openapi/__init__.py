"""The OpenAPI document of the service, and the page that shows it.

Litestar's own generation knows neither the other names of fields nor our envelopes, so the document is made here:
schemas from the msgspec types that requests are read with, and one description for each route. A test holds routes and
document together.
"""
