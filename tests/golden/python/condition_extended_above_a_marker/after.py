class Zip:
    def __init__(self, app, skipped):
        self.app = app
        self.skipped = skipped

    async def __call__(self, scope, send):
        if scope["type"] == "http" and not scope["path"].startswith(self.skipped):
            responder = Responder(self.app)
            await responder(scope, send)
            return
        await self.app(scope, send)
