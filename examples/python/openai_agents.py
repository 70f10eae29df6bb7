"""An agent of the OpenAI Agents SDK that edits the files of a folder.

    pip install -r examples/python/requirements.txt   # in an environment of its own: the SDK pins another mcp
    OPENAI_API_KEY=… python examples/python/openai_agents.py FOLDER "Let delete() of store.py say what it removed."

The command `fastapply` must be on the path, or named by FASTAPPLY. OPENAI_BASE_URL leads to another server of
OpenAI's API.
"""

import asyncio
import os
import sys

from agents import Agent, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
from agents.mcp import MCPServerStdio
from openai import AsyncOpenAI

INSTRUCTIONS = "You edit the files of a project with the tools you have. Say in one sentence what you did."


async def main(folder: str, task: str) -> str:
    """What the agent says when it is done with `task` in `folder`."""
    set_tracing_disabled(True)  # else prompts go to OpenAI's traces, wherever the model runs
    command = {"command": os.environ.get("FASTAPPLY", "fastapply"), "args": ["mcp", "--root", folder]}
    async with MCPServerStdio(command, client_session_timeout_seconds=30) as tools:
        model = OpenAIChatCompletionsModel(os.environ.get("MODEL", "gpt-5"), AsyncOpenAI())
        agent = Agent("editor", instructions=INSTRUCTIONS, model=model, mcp_servers=[tools])
        done = await Runner.run(agent, task)
        return str(done.final_output)


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], sys.argv[2])))
