// Is the document AsyncAPI, as its own parser and rules say, and are its examples what its schemas say?
import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';
import Ajv from 'ajv';
import formats from 'ajv-formats';

const [file] = process.argv.slice(2);
const text = await readFile(file, 'utf8');
const { document, diagnostics } = await new Parser().parse(text);
// Warnings count, too.
const wrong = diagnostics
  .filter(({ severity }) => severity < 2)
  .map(({ code, message, path }) => `${code}: ${path.join('.')}: ${message}`);

const { components } = JSON.parse(text);
const ajv = formats(new Ajv({ strict: false, allErrors: true }));
let examples = 0;
for (const [name, message] of Object.entries(components.messages)) {
  for (const part of ['headers', 'payload']) {
    const holds = ajv.compile({ ...message[part], components });
    for (const example of message.examples ?? []) {
      examples += 1;
      if (!holds(example[part])) wrong.push(`${name}, example ${example.name}: ${part}${ajv.errorsText(holds.errors)}`);
    }
  }
}

wrong.forEach((line) => console.error(line));
if (!document || wrong.length > 0) process.exit(1);
console.log(`${file}: ${document.allChannels().length} channels, ${document.allMessages().length} messages, ${examples} parts of examples`);
