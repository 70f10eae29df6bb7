class Zip:
    def __init__(self, app, skipped):
        self.app = app
        self.skipped = skipped

    async def __call__(self, scope, send):
        if scope["type"] == "http":
            responder = Responder(self.app)
            await responder(scope, send)
            return
        await self.app(scope, send)
