// A conversation out of the bodies of the known APIs: OpenAI chat completions and responses, Anthropic
// messages, Gemini contents; of answers both JSON and streams of events. Pure: it makes no elements.

const object = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});
const list = (value) => (Array.isArray(value) ? value : []);
const line = (value) => JSON.stringify(value, null, 2);

/** Messages `{role, parts: [{kind, text}]}` of a request; null where it is of no API known here. */
export function ofRequest(text) {
  const body = object(parsed(text));
  const messages = [];
  const system = body.system ?? body.instructions ?? body.systemInstruction ?? body.system_instruction;
  if (system) messages.push({ role: "system", parts: partsOf(system.parts ?? system) });
  for (const each of list(body.messages)) messages.push(messageOf(each));
  for (const each of list(body.contents)) messages.push({ role: each?.role ?? "user", parts: partsOf(each?.parts) });
  if (typeof body.input === "string") messages.push({ role: "user", parts: partsOf(body.input) });
  for (const each of list(body.input)) messages.push(typeof each === "string" ? { role: "user", parts: partsOf(each) } : itemOf(each));
  if (typeof body.prompt === "string") messages.push({ role: "user", parts: partsOf(body.prompt) });
  return messages.length ? messages : null;
}

/** The same of a response. */
export function ofResponse(text) {
  const whole = parsed(text);
  const messages = whole === undefined ? ofEvents(text) : ofAnswer(object(Array.isArray(whole) ? merged(whole) : whole));
  return messages.some((each) => each.parts.length) ? messages : null;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function ofAnswer(body) {
  if (body.error) return [{ role: "error", parts: [{ kind: "text", text: typeof body.error === "string" ? body.error : body.error.message ?? line(body.error) }] }];
  if (Array.isArray(body.choices)) return body.choices.map((each) => messageOf({ role: "assistant", ...object(each?.message), text: each?.text }));
  if (Array.isArray(body.candidates)) return body.candidates.map((each) => ({ role: "model", parts: partsOf(object(each?.content).parts) }));
  if (Array.isArray(body.output)) return body.output.map(itemOf);
  if (body.content !== undefined) return [messageOf(body)];
  return [];
}

/** Gemini without SSE streams an array of answers. */
function merged(answers) {
  const parts = answers.flatMap((each) => list(object(each).candidates)).flatMap((each) => list(object(each?.content).parts));
  return { candidates: [{ content: { parts } }] };
}

function messageOf(message) {
  const each = object(message);
  const parts = [
    ...(each.reasoning_content ?? each.reasoning ? [{ kind: "thinking", text: String(each.reasoning_content ?? each.reasoning) }] : []),
    ...partsOf(each.content ?? each.text), ...(each.refusal ? [{ kind: "text", text: String(each.refusal) }] : []),
    ...list(each.tool_calls).map((call) => ({ kind: "tool", text: `${object(call?.function).name ?? "tool"}(${object(call?.function).arguments ?? ""})` })),
  ];
  return { role: String(each.role ?? "message"), parts };
}

function itemOf(item) {
  const each = object(item);
  if (each.type === "function_call") return { role: "assistant", parts: [{ kind: "tool", text: `${each.name}(${each.arguments ?? ""})` }] };
  if (each.type === "function_call_output") return { role: "tool", parts: partsOf(each.output) };
  if (each.type === "reasoning") return { role: "assistant", parts: list(each.summary).map((part) => ({ kind: "thinking", text: String(part?.text ?? "") })) };
  return messageOf({ role: "assistant", ...each });
}

function partsOf(content) {
  if (content === null || content === undefined || content === "") return [];
  if (typeof content === "string") return [{ kind: "text", text: content }];
  if (!Array.isArray(content)) return [{ kind: "other", text: line(content) }];
  return content.map((part) => {
    if (typeof part === "string") return { kind: "text", text: part };
    const each = object(part);
    if (typeof each.thinking === "string") return { kind: "thinking", text: each.thinking };
    if (typeof each.text === "string") return { kind: each.thought ? "thinking" : "text", text: each.text };
    if (each.type === "tool_use") return { kind: "tool", text: `${each.name}(${line(each.input)})` };
    if (each.type === "tool_result") return { kind: "tool", text: typeof each.content === "string" ? each.content : line(each.content) };
    if (each.functionCall) return { kind: "tool", text: `${each.functionCall.name}(${line(each.functionCall.args)})` };
    return { kind: "other", text: `[${each.type ?? Object.keys(each)[0] ?? "part"}]` };
  });
}

/** A stream of events, added up; a last event that is cut off is left out. */
function ofEvents(text) {
  const parts = [];
  const grow = (kind, key, piece) => {
    if (typeof piece !== "string" || piece === "") return;
    const last = parts.find((part) => part.key === key) ?? parts[parts.push({ kind, key, text: "" }) - 1];
    last.text += piece;
  };
  let failure = null;
  for (const data of text.split(/\r?\n/)) {
    if (!data.startsWith("data:")) continue;
    const event = object(parsed(data.slice(5)));
    if (event.error) failure = ofAnswer(event)[0];
    list(event.choices).forEach((choice, at) => choiceOf(choice, at, grow));
    const delta = object(event.delta);
    if (event.type === "content_block_start" && object(event.content_block).type === "tool_use") grow("tool", `block${event.index}`, `${event.content_block.name} `);
    grow("text", `block${event.index}`, delta.text);
    grow("thinking", `block${event.index}`, delta.thinking);
    grow("tool", `block${event.index}`, delta.partial_json);
    if (event.type === "response.output_text.delta") grow("text", `item${event.output_index}`, event.delta);
    if (event.type === "response.reasoning_summary_text.delta") grow("thinking", `item${event.output_index}`, event.delta);
    if (event.type === "response.function_call_arguments.delta") grow("tool", `item${event.output_index}`, event.delta);
    for (const each of list(event.candidates).flatMap((found) => list(object(found?.content).parts))) {
      grow(each?.thought ? "thinking" : "text", each?.thought ? "thought" : "model", each?.text);
    }
  }
  const said = { role: "assistant", parts: parts.map(({ kind, text: whole }) => ({ kind, text: whole })) };
  return failure === null ? [said] : [said, failure].filter((each) => each.parts.length);
}

function choiceOf(choice, at, grow) {
  const delta = object(choice?.delta);
  const key = `choice${choice?.index ?? at}`;
  grow("thinking", `${key}-thinking`, delta.reasoning_content ?? delta.reasoning);
  grow("text", key, delta.content ?? choice?.text);
  for (const call of list(delta.tool_calls)) {
    const made = object(call?.function);
    grow("tool", `${key}-tool${call?.index}`, made.name ? `${made.name} ` : "");
    grow("tool", `${key}-tool${call?.index}`, made.arguments);
  }
}
