/** Writes what people read about the configuration: config/example.yaml and docs/reference/config.md. */
import { type AnyKey, type KeyTable, keys } from './keys.ts';

const COMMENT_WIDTH = 100;

/** An example file that holds every key at its default; what has none is commented out. */
export function writeExample(): string {
  const head = comment(
    'Every key of the configuration with its default. Copy what you want to change to millrace.yaml, or name a file with --config. docs/reference/config.md says the same as a table.',
    '',
  );
  return `${[...head, '', ...exampleLines(keys, '', true)].join('\n')}\n`;
}

function exampleLines(table: KeyTable, indent: string, spaced: boolean): string[] {
  return Object.entries(table).flatMap(([name, node]) => {
    const lines = comment(node.says, indent);
    if ('keys' in node) {
      lines.push(`${indent}${name}:`, ...exampleLines(node.keys, `${indent}  `, false));
    } else if ('each' in node) {
      const [first = ''] = Object.keys(node.each);
      lines.push(`${indent}# ${name}:`, `${indent}#   ${node.example}:`);
      const key = node.each[first];
      lines.push(`${indent}#     ${first}: ${key?.write(key.initial) ?? key?.example}`);
    } else {
      lines.push(...keyLines(name, node, indent));
    }
    return spaced ? [...lines, ''] : lines;
  });
}

function keyLines(name: string, key: AnyKey, indent: string): string[] {
  const text = key.write(key.initial);
  const lines = text === undefined ? [] : [`${indent}${name}: ${text}`];
  return key.example === undefined ? lines : [...lines, `${indent}# ${name}: ${key.example}`];
}

function comment(text: string, indent: string): string[] {
  const width = COMMENT_WIDTH - indent.length - 2;
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `${indent}# ${line}`);
}

const HEAD = `# Configuration

<!-- Written by scripts/reference-pages.ts from src/control/config/keys.ts. -->

Everything has a default: Millrace runs without a configuration. It reads \`millrace.yaml\` in the folder it is started in,
where there is one, or the file that \`--config\` names. Options on the command line come before the file.
[config/example.yaml](../../config/example.yaml) holds every key at its default.

A mistake ends the start with one line: file, line, column, what is wrong and how to mend it. Unknown keys are mistakes.

Further options: \`--config <file>\`, \`--demo\` (publishes a test clip as \`demo/clock\`), \`--help\`.
`;

/** The reference page. */
export function writeReference(): string {
  const own = Object.entries(keys).filter(([, node]) => 'read' in node);
  const groups = Object.entries(keys).filter(([, node]) => !('read' in node));
  const general = section('General', 'Keys at the top of the file.', Object.fromEntries(own), '');
  const sections = groups.map(([name, node]) =>
    'each' in node
      ? section(name, node.says, node.each, `${name}.<${node.what}>.`)
      : section(name, (node as { says: string }).says, keysOf(node), `${name}.`),
  );
  return [HEAD, general, ...sections].join('\n');
}

function keysOf(node: KeyTable[string]): KeyTable {
  return 'keys' in node ? node.keys : {};
}

function section(title: string, says: string, table: KeyTable, prefix: string): string {
  const head = '| key | type | default | option | what it does |\n| --- | --- | --- | --- | --- |';
  return `## ${title}\n\n${says}\n\n${head}\n${rows(table, prefix).join('\n')}\n`;
}

function rows(table: KeyTable, prefix: string): string[] {
  return Object.entries(table).flatMap(([name, node]) => {
    if ('keys' in node) return rows(node.keys, `${prefix}${name}.`);
    if ('each' in node) return [];
    const option = node.option === undefined ? '' : `\`${node.option}\``;
    return [
      `| \`${prefix}${name}\` | ${node.kind} | ${initial(node, prefix)} | ${option} | ${node.says} |`,
    ];
  });
}

function initial(key: AnyKey, prefix: string): string {
  if (prefix.startsWith('apps.')) return 'as in `app_defaults`';
  const text = key.write(key.initial);
  return text === undefined ? 'not set' : `\`${text}\``;
}
