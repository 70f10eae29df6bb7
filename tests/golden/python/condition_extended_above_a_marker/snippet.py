class Zip:
    # ... existing code ...

    async def __call__(self, scope, send):
        if scope["type"] == "http" and not scope["path"].startswith(self.skipped):
            # ... existing code ...
        await self.app(scope, send)
