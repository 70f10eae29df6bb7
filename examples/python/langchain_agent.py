"""An agent of LangChain that edits the files of a folder.

    pip install -r examples/python/requirements.txt   # in an environment of its own: the adapters pin another mcp
    OPENAI_API_KEY=… python examples/python/langchain_agent.py FOLDER "Let delete() of store.py say what it removed."

The command `fastapply` must be on the path, or named by FASTAPPLY. OPENAI_BASE_URL leads to another server of
OpenAI's API; any other chat model of LangChain that calls tools will do in place of `ChatOpenAI`.
"""

import asyncio
import os
import sys

from langchain.agents import create_agent
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_openai import ChatOpenAI

INSTRUCTIONS = "You edit the files of a project with the tools you have. Say in one sentence what you did."


async def main(folder: str, task: str) -> str:
    """What the agent says when it is done with `task` in `folder`."""
    server = {
        "transport": "stdio",
        "command": os.environ.get("FASTAPPLY", "fastapply"),
        "args": ["mcp", "--root", folder],
    }
    tools = await MultiServerMCPClient({"fastapply": server}).get_tools()
    agent = create_agent(ChatOpenAI(model=os.environ.get("MODEL", "gpt-5")), tools, system_prompt=INSTRUCTIONS)
    done = await agent.ainvoke({"messages": [{"role": "user", "content": task}]})
    return str(done["messages"][-1].content)


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], sys.argv[2])))
