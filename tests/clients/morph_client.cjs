// Asks with Morph's SDK: {baseURL, applyEdit} or {baseURL, execute, baseDir} on standard input.
const { MorphClient } = require("@morphllm/morphsdk");

async function main() {
  const { baseURL, applyEdit, execute, baseDir } = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const morph = new MorphClient({ apiKey: "unused", retryConfig: { maxRetries: 0 } });
  // The client itself takes no base URL; each call does.
  const here = { morphApiUrl: baseURL };
  return applyEdit ? morph.fastApply.applyEdit(applyEdit, here) : morph.fastApply.execute(execute, { ...here, baseDir });
}

main().then((told) => console.log(JSON.stringify(told)));
