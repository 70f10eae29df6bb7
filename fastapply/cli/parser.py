"""The command line, verb by verb. Nothing here imports what a verb needs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from fastapply import __version__
from fastapply.cli.exit_codes import USAGE

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Verbs = _SubParsersAction["_Parser"]

__all__ = ["build_parser"]

_EXIT_CODES = "exit codes: 0 merged, 1 the edit is in doubt, 2 error, 64 wrong usage"
_WHERE_SETTINGS_ARE_SAID = (
    "Settings are said in a TOML file (--config, else $FASTAPPLY_CONFIG, else ~/.config/fastapply/config.toml, else "
    "/etc/fastapply/config.toml), over it in environment variables (FASTAPPLY_SERVER_PORT for port under [server]), "
    "over both on the command line."
)


class _Parser(argparse.ArgumentParser):
    """As argparse has it, but wrong usage exits with 64: 2 is an error of the work itself."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: error: {message}; {self.prog} --help says more\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all verbs; `args.verb` names the module that runs it."""
    parser = _Parser(
        prog="fastapply",
        description="Merge a coding model's lazy edit into a file, exact to the byte.",
        epilog=_EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"fastapply {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_apply(verbs)
    _add_explain(verbs)
    _add_serve(verbs)
    _add_mcp(verbs)
    _add_tools(verbs)
    _add_lsp(verbs)
    _add_key(verbs)
    _add_config(verbs)
    _add_models(verbs)
    _add_doctor(verbs)
    _add_completion(verbs)
    _add_eval(verbs)
    _add_bench(verbs)
    return parser


def _add_apply(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "apply",
        help="merge an edit into a file, or many into many, and show the difference",
        description="Merge the edit in SNIPPET into FILE and show what changes; --write changes the file. With "
        "--patch-dir in their place, each file under DIR is an edit of the file of the same path under ROOT, and all "
        "are merged, or none.",
        epilog=_EXIT_CODES + "; with --on-doubt best, 1 says that the best guess is shown or written with doubts left",
    )
    parser.set_defaults(wrong_usage=parser.error)
    _add_merge_arguments(parser, required=False)
    parser.add_argument("--patch-dir", metavar="DIR", help="folder of edits, in place of FILE and --edit")
    parser.add_argument("--root", metavar="ROOT", help="folder of the files that --patch-dir edits (the current one)")
    parser.add_argument(
        "--on-doubt",
        choices=("refuse", "best"),
        default="refuse",
        help="what to do where the edit can't be decided: refuse it (the default), or take the best guess",
    )
    parser.add_argument("--write", action="store_true", help="write the result, all of it or nothing")
    parser.add_argument("--create", action="store_true", help="take a file as empty where it does not exist")
    parser.add_argument("--json", action="store_true", help="print the whole answer as JSON")
    parser.add_argument(
        "--deadline", type=_positive_seconds, default=5.0, metavar="SECONDS", help="give a merge up after this long (5)"
    )


def _add_explain(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "explain",
        help="show what each stage of a merge saw and decided",
        description="Show what each stage of the merge of SNIPPET into FILE saw and decided.",
    )
    _add_merge_arguments(parser)


def _add_merge_arguments(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    parser.add_argument("file", metavar="FILE", nargs=None if required else "?", help="the file to merge into")
    parser.add_argument("--edit", metavar="SNIPPET", required=required, help="file that holds the edit, or - for stdin")
    parser.add_argument("--instruction", default="", help="one sentence on what the edit is for")
    parser.add_argument("--language", help="the language of FILE, where its name does not say it")
    parser.add_argument("--no-color", action="store_true", help="no colours (NO_COLOR and FORCE_COLOR are heeded, too)")


def _add_serve(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "serve",
        help="answer merges over HTTP",
        description="Answer POST /v1/apply over HTTP, on this machine alone unless --host says otherwise.",
        epilog=_WHERE_SETTINGS_ARE_SAID,
    )
    _add_setting_arguments(parser)


def _add_mcp(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "mcp",
        help="give an agent tools that edit files, over stdio",
        description="Serve the tools edit_file, edit_files, preview_edit and undo_edit to an agent, by the Model "
        "Context Protocol over standard input and output. Only files under the roots are read or written.",
    )
    parser.add_argument(
        "--root",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="folder whose files may be edited, the current one by default; may be given several times, and relative "
        "paths are of the first",
    )
    parser.add_argument(
        "--url",
        metavar="URL",
        help="merge on the service there, with the key in $FASTAPPLY_API_KEY, not in this process",
    )


def _add_tools(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "tools",
        help="print the tools for function calling",
        description="Print the tools of `fastapply mcp` as JSON, as they go into `tools` of a request to a model.",
    )
    parser.add_argument(
        "--format",
        choices=("openai", "openai-responses", "anthropic", "gemini", "mcp"),
        default="mcp",
        help="whose interface: OpenAI's Chat Completions or Responses, Anthropic's, Gemini's, or MCP (the default)",
    )


def _add_lsp(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "lsp",
        help="serve editors as a language server",
        description="Serve an editor as a language server, over stdin and stdout unless an address is given. Edits are "
        "merged by a process of this command unless a service is named.",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--stdio", action="store_true", help="over stdin and stdout, as without it")
    where.add_argument("--tcp", metavar="HOST:PORT", help="listen on an address of this machine; port 0 is a free one")
    where.add_argument("--ws", metavar="HOST:PORT", help="the same for websockets")
    parser.add_argument(
        "--origin", action="append", default=[], metavar="URL", help="a web page that may connect to --ws (none)"
    )
    parser.add_argument("--url", metavar="URL", help="merge on the service there, such as http://127.0.0.1:8000")
    parser.add_argument(
        "--key-env", metavar="NAME", help="environment variable that holds the service's key (FASTAPPLY_API_KEY)"
    )
    parser.add_argument(
        "--warm-up", action="store_true", help="have the model of the service read files that are opened or changed"
    )


def _add_key(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "key",
        help="make a key for a client of the service",
        description="Make a random key and show it, this once, on stderr. Stdout has what to append to the "
        "configuration file, which holds only the key's SHA-256.",
    )
    parser.add_argument("name", metavar="NAME", help="whose it is; what logs and metrics call it")
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file that must not have NAME yet")
    parser.add_argument("--json", action="store_true", help="print name, key and SHA-256 as JSON on stdout")


def _add_config(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "config",
        help="show the settings of the service and where each was said",
        description="Show every setting in force and where it was said: by default, in which line of which file, in "
        "which environment variable, or on the command line.",
        epilog=_WHERE_SETTINGS_ARE_SAID,
    )
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    _add_setting_arguments(parser)


def _add_models(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "models",
        help="list the profiles of models that are built in",
        description="List the profiles that `serve --profile` takes. A file like those in configs/models/ adds one.",
    )
    parser.add_argument("--json", action="store_true", help="print all of each as JSON")


def _add_doctor(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "doctor",
        help="look for what may keep the service from running",
        description="Look at the installation and at the settings in force: one line a finding (ok, note or problem), "
        "each that asks for something with its remedy.",
        epilog="exit codes: 0 no problem, 2 at least one",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    _add_setting_arguments(parser)


def _add_completion(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "completion",
        help="print what makes a shell complete this command",
        description="Print the completion of this command for a shell.",
        epilog="bash: source <(fastapply completion bash)  |  zsh: fastapply completion zsh > _fastapply, in a folder "
        "of $fpath  |  fish: fastapply completion fish > ~/.config/fish/completions/fastapply.fish  |  "
        "tcsh: fastapply completion tcsh > a file, and source it",
    )
    parser.add_argument(
        "shell", metavar="SHELL", choices=("bash", "zsh", "fish", "tcsh"), help="bash, zsh, fish or tcsh"
    )


def _add_setting_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags that stand over file and environment. Their `dest` is the setting's path, and none has a default here."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file, in place of the usual ones")
    parser.add_argument("--host", dest="server.host", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
    parser.add_argument(
        "--port", dest="server.port", type=int, metavar="N", help="port to listen on (8000); 0 takes a free one"
    )
    parser.add_argument(
        "--workers", dest="server.workers", type=int, metavar="N", help="server processes that share the port (1)"
    )
    parser.add_argument(
        "--pool-workers",
        dest="pool.workers",
        type=int,
        metavar="N",
        help="processes that merge, in each server process (a core each, at most 8)",
    )
    parser.add_argument(
        "--queue", dest="pool.queue", type=int, metavar="N", help="requests that may wait for a worker (64)"
    )
    parser.add_argument(
        "--deadline", dest="pool.deadline", type=float, metavar="SECONDS", help="longest time of one merge (5)"
    )
    _add_model_arguments(parser)


def _add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of the `[model]` section."""
    group = parser.add_argument_group("a model for edits in doubt (none by default)")
    group.add_argument("--profile", dest="model.profile", metavar="NAME", help="how it is talked to; see `models`")
    group.add_argument("--model", dest="model.folder", metavar="FOLDER", help="folder of a checkpoint to load and run")
    group.add_argument(
        "--device", dest="model.device", metavar="DEVICE", help="where it runs: auto, cpu, cuda or cuda:N (auto)"
    )
    group.add_argument(
        "--tensor-parallel", dest="model.tensor_parallel", type=int, metavar="N", help="processes that share it (1)"
    )
    group.add_argument(
        "--model-url", dest="model.url", metavar="URL", help="in place of --model: an OpenAI-compatible endpoint"
    )
    group.add_argument("--model-name", dest="model.remote_name", metavar="NAME", help="the model's name there")


def _add_eval(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "eval",
        help="merge recorded cases and compare with what should come out",
        description="Merge each case of CASES (JSON lines, may be gzipped: id, path, language, before, snippet, after) "
        "and print how many come out exact, differ in spacing, are refused, are wrong, or fail.",
    )
    parser.add_argument("cases", metavar="CASES", help="file of cases, .jsonl or .jsonl.gz")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N cases")
    parser.add_argument("--jobs", type=int, metavar="N", help="merges at once (one a core, at most 8)")
    parser.add_argument("--dump", metavar="OUT", help="write each outcome to OUT as JSON lines")
    parser.add_argument("--failures", action="store_true", help="show every case that is not exact")
    parser.add_argument("--on-doubt", choices=("refuse", "best"), default="refuse", help="as for apply")


def _add_bench(verbs: Verbs) -> None:
    parser = verbs.add_parser(
        "bench",
        help="measure the merge on this machine",
        description="Measure the time of merges in multiples of tree-sitter's bare parse of the same original, where "
        "it goes, and how it grows with the length of the file.",
    )
    parser.add_argument(
        "--cases",
        action="append",
        default=[],
        metavar="CASES",
        help="file of cases as for eval, of which those with 100 to 1,500 lines are merged; may be given several times "
        "(without it, generated files)",
    )
    parser.add_argument("--limit", type=_count, default=150, metavar="N", help="most cases, spread over all (150)")
    parser.add_argument("--rounds", type=_count, default=5, metavar="N", help="measurements of each (5)")
    parser.add_argument(
        "--sizes",
        type=_counts,
        default=(1_000, 5_000, 20_000, 50_000),
        metavar="N,N,…",
        help="lines of the generated files for the growth, or none (1000,5000,20000,50000)",
    )
    parser.add_argument("--json", metavar="OUT", help="write the figures to OUT as JSON")


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError("must be a whole number, 1 or more")
    return number


def _counts(text: str) -> tuple[int, ...]:
    return () if text == "none" else tuple(map(_count, text.split(",")))


def _positive_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86400:
        raise argparse.ArgumentTypeError("must be a number of seconds above 0, at most a day")
    return seconds
