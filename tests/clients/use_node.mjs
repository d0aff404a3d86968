// openai for Node, unchanged, against an address: node use_node.mjs http://127.0.0.1:8010/v1
// COURSE_CLIENTS names the folder that install.sh has filled.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const home = join(process.env.COURSE_CLIENTS, "node");
const require = createRequire(join(home, "package.json"));
const read = (path) => JSON.parse(readFileSync(path));
const OpenAI = require("openai");
const { toFile } = OpenAI;
const { version } = read(join(home, "node_modules", "openai", "package.json"));
const asked = read(new URL("asked.json", import.meta.url));
const client = new OpenAI({ baseURL: process.argv[2], apiKey: "any-key", maxRetries: 0 });
const hello = { model: asked.model, messages: asked.messages };

async function plain() {
  const reply = await client.chat.completions.create(hello);
  return {
    text: reply.choices[0].message.content,
    finish_reason: reply.choices[0].finish_reason,
    prompt_tokens: reply.usage.prompt_tokens,
    completion_tokens: reply.usage.completion_tokens,
  };
}

async function stream() {
  const options = { stream: true, stream_options: { include_usage: true } };
  let text = "";
  let usage;
  for await (const chunk of await client.chat.completions.create({ ...hello, ...options })) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
  }
  return { text, prompt_tokens: usage.prompt_tokens, completion_tokens: usage.completion_tokens };
}

async function tool() {
  const about = { model: asked.model, tools: [asked.tool] };
  const forced = { type: "function", function: { name: "get_weather" } };
  const first = await client.chat.completions.create({
    ...about,
    messages: asked.weather,
    tool_choice: forced,
  });
  const call = first.choices[0].message.tool_calls[0];
  const result = { role: "tool", tool_call_id: call.id, content: asked.tool_result };
  const messages = [...asked.weather, first.choices[0].message, result];
  const second = await client.chat.completions.create({ ...about, messages });
  return {
    name: call.function.name,
    arguments: JSON.parse(call.function.arguments),
    text: second.choices[0].message.content,
  };
}

async function schema() {
  const reply = await client.chat.completions.parse({
    model: asked.model,
    messages: asked.event,
    response_format: {
      type: "json_schema",
      json_schema: { name: "event", strict: true, schema: asked.schema },
    },
  });
  return JSON.parse(reply.choices[0].message.content);
}

async function embeddings() {
  const { data, usage } = await client.embeddings.create({
    model: asked.embedding_model,
    input: asked.texts,
    dimensions: asked.dimensions,
  });
  return {
    dimensions: data.map((row) => row.embedding.length),
    lengths: data.map((row) => Number(Math.hypot(...row.embedding).toFixed(4))),
    prompt_tokens: usage.prompt_tokens,
  };
}

const [system, user] = asked.messages.map((message) => message.content);
const response = { model: asked.model, instructions: system, input: user };

async function responses() {
  const reply = await client.responses.create(response);
  return {
    text: reply.output_text,
    status: reply.status,
    input_tokens: reply.usage.input_tokens,
    output_tokens: reply.usage.output_tokens,
  };
}

async function responses_stream() {
  const events = [];
  for await (const event of await client.responses.create({ ...response, stream: true })) {
    events.push(event);
  }
  const deltas = events.filter((event) => event.type === "response.output_text.delta");
  return {
    text: deltas.map((event) => event.delta).join(""),
    first: events[0].type,
    last: events.at(-1).type,
    input_tokens: events.at(-1).response.usage.input_tokens,
  };
}

async function batch() {
  const line = (name) =>
    JSON.stringify({
      custom_id: name,
      method: "POST",
      url: "/v1/chat/completions",
      body: hello,
    }) + "\n";
  const file = await client.files.create({
    file: await toFile(Buffer.from(line("one") + line("two")), "asked.jsonl"),
    purpose: "batch",
  });
  let made = await client.batches.create({
    input_file_id: file.id,
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
  });
  const end = Date.now() + 30_000;
  while (!["completed", "failed", "expired", "cancelled"].includes(made.status)) {
    if (Date.now() > end) throw new Error(`the batch is ${made.status} after 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    made = await client.batches.retrieve(made.id);
  }
  const output = await (await client.files.content(made.output_file_id)).text();
  const rows = output.trimEnd().split("\n").map((row) => JSON.parse(row));
  return {
    status: made.status,
    ids: rows.map((row) => row.custom_id).sort(),
    codes: rows.map((row) => row.response.status_code),
    prompt_tokens: rows.map((row) => row.response.body.usage.prompt_tokens),
  };
}

async function error() {
  try {
    await client.chat.completions.create({ ...hello, model: asked.unknown_model });
  } catch (caught) {
    if (!(caught instanceof OpenAI.NotFoundError)) throw caught;
    return { type: caught.constructor.name, status: caught.status, told: caught.message };
  }
  return {};
}

const parts = [
  plain, stream, tool, schema, embeddings, responses, responses_stream, batch, error,
];
const seen = { client: `openai for Node ${version}` };
for (const part of parts) {
  try {
    seen[part.name] = await part();
  } catch (caught) {
    seen[part.name] = { failed: `${caught.name}: ${caught.message}`.slice(0, 600) };
  }
}
console.log(JSON.stringify(seen));
