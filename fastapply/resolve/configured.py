"""The model that the settings name, as the service uses it: one completer, from start to end of the service."""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from fastapply.errors import InvalidSetting, ModelBusy
from fastapply.resolve.profile import load_profile

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from backend.process.supervisor import EngineProcess
    from fastapply.resolve.completer import Completer, Completion, Question, Warmth
    from fastapply.resolve.profile import Profile
    from fastapply.settings.model import ModelSettings

__all__ = ["ConfiguredModel", "configured_model", "engine_process"]

_MOST_WARMED = 8
"""Files that are read ahead at once. More would only keep each other waiting."""


class ConfiguredModel:
    """`async with model: …` is a `Completer` that takes so many questions at once and no more."""

    def __init__(
        self,
        profile: Profile,
        most: int,
        open_completer: Callable[[AsyncExitStack], Awaitable[Completer]],
        is_up: Callable[[], bool],
        figures: Callable[[], Awaitable[dict[str, float]]] | None = None,
    ) -> None:
        """`open_completer` is called on entering; what it gives to the stack is closed on leaving.

        `figures` asks who runs the model how it does.
        """
        self.name = profile.name
        self.description = profile.description
        self.whole_file = profile.decoding.whole_file
        self._most = most
        self._open_completer = open_completer
        self._is_up = is_up
        self._figures = figures
        self._stack = AsyncExitStack()
        self._completer: Completer | None = None
        self._asked = 0
        self._warmed = 0

    async def __aenter__(self) -> Self:
        self._completer = await self._open_completer(self._stack)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def is_up(self) -> bool:
        """Whether a question would be taken, as far as is known without asking one."""
        return self._is_up()

    @property
    def pending(self) -> int:
        """Questions that are open."""
        return self._asked

    async def figures(self) -> dict[str, float]:
        """What the engine says of itself; empty where it is down or somebody else's."""
        return await self._figures() if self._figures and self.is_up else {}

    @property
    def never_warm(self) -> str:
        """See `Completer.never_warm`."""
        assert self._completer
        return self._completer.never_warm

    async def warm(self, code: str, instruction: str, seconds: float) -> Warmth:
        """See `Completer.warm`; `ModelBusy` at once where too many files are being read."""
        assert self._completer
        if self._warmed >= _MOST_WARMED:
            raise ModelBusy(f"{self._warmed} files are being read ahead already, and no more may be")
        self._warmed += 1
        try:
            return await self._completer.warm(code, instruction, seconds)
        finally:
            self._warmed -= 1

    async def fits(self, question: Question) -> bool:
        """See `Completer.fits`."""
        assert self._completer
        return await self._completer.fits(question)

    async def complete(self, question: Question, seconds: float) -> AsyncGenerator[str | Completion, None]:
        """See `Completer.complete`; `ModelBusy` at once where too many questions are open."""
        assert self._completer
        if self._asked >= self._most:
            raise ModelBusy(f"{self._asked} questions are open already, and no more may be (model.queue)")
        self._asked += 1
        try:
            async with aclosing(self._completer.complete(question, seconds)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._asked -= 1


def configured_model(settings: ModelSettings) -> ConfiguredModel | None:
    """The model of these settings, None where they name none. Raises `InvalidSetting` for what can't be used."""
    if not settings.configured:
        return None
    profile = load_profile(settings.profile)
    return _remote(settings, profile) if settings.url else _local(settings, profile)


def _local(settings: ModelSettings, profile: Profile) -> ConfiguredModel:
    try:
        from backend.errors import BackendError
        from backend.process.client import EngineClient
        from backend.tokenizer import open_tokenizer
        from fastapply.resolve.local import LocalCompleter
    except ModuleNotFoundError as error:
        raise _missing("model.folder", "model", error) from None
    if not settings.engine:
        raise InvalidSetting("model.engine must name the engine's socket; `fastapply serve` starts one by itself")
    folder = Path(settings.folder).expanduser()
    if not folder.is_dir():
        raise InvalidSetting(f"model.folder: {folder} is no folder", field="model.folder")
    try:
        tokenizer = open_tokenizer(folder)
    except BackendError as error:
        raise InvalidSetting(f"model.folder: {error}", field="model.folder") from None
    client = EngineClient(settings.engine)
    completer = LocalCompleter(profile, tokenizer, client)

    async def opened(stack: AsyncExitStack) -> Completer:
        await stack.enter_async_context(client)
        return completer

    async def figures() -> dict[str, float]:
        try:
            stats = msgspec.structs.asdict(await client.stats())
        except BackendError:
            return {}
        return {name: value for name, value in stats.items() if isinstance(value, int | float)}

    return ConfiguredModel(profile, settings.queue, opened, lambda: client.info is not None, figures)


def engine_process(settings: ModelSettings, say: Callable[[str], None]) -> EngineProcess:
    """What keeps the engine of `settings.folder` running; `say` is given what it writes, from another thread.

    Raises `InvalidSetting` where it can't be run at all.
    """
    try:
        from backend.process.options import Options
        from backend.process.supervisor import EngineProcess
    except ModuleNotFoundError as error:
        raise _missing("model.folder", "model", error) from None
    options = Options(
        model=Path(settings.folder).expanduser().absolute(),
        device=settings.device,
        dtype=settings.dtype,
        tensor_parallel=settings.tensor_parallel,
        memory_share=settings.memory_share or None,
    )
    return EngineProcess(options, on_line=say)


def _remote(settings: ModelSettings, profile: Profile) -> ConfiguredModel:
    try:
        from fastapply.resolve.remote import RemoteCompleter
        from fastapply.resolve.remote.server import Patience
    except ModuleNotFoundError as error:
        raise _missing("model.url", "remote", error) from None
    completer = RemoteCompleter(
        profile,
        settings.url,
        settings.remote_name or profile.name,
        api_key=_key(settings.remote_key_file),
        ask=settings.remote_route,
        predict=settings.prediction,
        patience=Patience(first_token=settings.deadline),
        allow_http=settings.remote_plain_http,
        warm=settings.remote_warm,
    )

    async def opened(stack: AsyncExitStack) -> Completer:
        stack.push_async_callback(completer.close)
        return completer

    return ConfiguredModel(profile, settings.queue, opened, lambda: completer.is_up)


def _key(file: str) -> str:
    if not file:
        return ""
    try:
        return Path(file).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"model.remote_key_file can't be read: {error}", field="model.remote_key_file") from None


def _missing(path: str, extra: str, error: ModuleNotFoundError) -> Exception:
    if (error.name or "").partition(".")[0] in ("backend", "fastapply"):
        return error  # a fault of ours
    return InvalidSetting(
        f"{path} needs packages that are not installed ({error.name}): pip install 'fastapply[{extra}]'", field=path
    )
