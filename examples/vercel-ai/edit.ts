// An agent of the Vercel AI SDK that edits the files of a folder.
//
//     npm ci
//     OPENAI_API_KEY=… node edit.ts FOLDER "Let delete() of store.py say what it removed."
//
// Node 22.18 or newer. The command `fastapply` must be on the path, or named by FASTAPPLY. OPENAI_BASE_URL leads to another
// server of OpenAI's API.

import { createMCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport as StdioTransport } from "@ai-sdk/mcp/mcp-stdio";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, isStepCount } from "ai";

const [folder, task] = process.argv.slice(2);
if (!folder || !task) throw new Error("usage: node edit.ts FOLDER TASK");

const fastapply = await createMCPClient({
  transport: new StdioTransport({
    command: process.env["FASTAPPLY"] ?? "fastapply",
    args: ["mcp", "--root", folder],
  }),
  // Else a server that takes longer than a second to start is asked in two revisions of the protocol, and refuses.
  protocolVersionDiscovery: false,
});
try {
  const { text } = await generateText({
    model: createOpenAI().chat(process.env["MODEL"] ?? "gpt-5"),
    system: "You edit the files of a project with the tools you have. Say in one sentence what you did.",
    prompt: task,
    tools: await fastapply.tools(),
    stopWhen: isStepCount(20),
  });
  console.log(text);
} finally {
  await fastapply.close();
}
