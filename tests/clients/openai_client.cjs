// Asks with OpenAI's client: {baseURL, ask} on standard input, what came back on standard output.
const { OpenAI } = require("openai");

async function main() {
  const { baseURL, ask, list } = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const client = new OpenAI({ apiKey: "unused", baseURL, maxRetries: 0 });
  if (list) {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    return { names, one: (await client.models.retrieve(list)).id };
  }
  const answer = await client.chat.completions.create(ask);
  if (!ask.stream) {
    const [choice] = answer.choices;
    return { content: choice.message.content, finish: choice.finish_reason, usage: answer.usage };
  }
  const told = { content: "", finish: null, usage: null };
  for await (const chunk of answer) {
    for (const choice of chunk.choices) {
      told.content += choice.delta.content ?? "";
      told.finish = choice.finish_reason ?? told.finish;
    }
    told.usage = chunk.usage ?? told.usage;
  }
  return told;
}

main().then(
  (told) => console.log(JSON.stringify(told)),
  ({ name, constructor, status, code, type, param, message }) =>
    console.log(JSON.stringify({ kind: constructor.name, status, code, type, param, message })),
);
