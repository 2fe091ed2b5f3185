/** The page about the commands, made from what commander knows of them. */
import type { Command } from 'commander';

const HEAD = `# Commands

<!-- Written by scripts/reference-pages.ts from the commands in src/cli. -->

\`\`\`sh
npm run millrace -- key add show/slot-1 --name "studio laptop"
\`\`\`

in the folder of the program. \`npx millrace key add ...\` does the same once the server was started from there, and prints nothing of npm's own: for scripts.
Below, \`millrace\` stands for either.
\`millrace serve\`, or \`millrace\` without a command, starts the server; its options are in [Configuration](config.md), and \`npm start\` is the same.

A command finds the server that runs with the same state folder, and speaks with its [API](api.md). The token for that is in \`server.json\` in the state folder, which
only the server's own user can read: run commands as that user. Where no server runs, what is kept in the database can be looked at and changed
all the same: keys, links, tokens, people, apps, bans. What only a running server knows (\`status\`, \`stream\`, \`session\`) needs one.

Every command takes these:
`;

const EXITS = `## How commands end

| exit code | when |
| --- | --- |
| 0 | done |
| 1 | the server said no, or something failed; of \`doctor\`: there is something to mend |
| 2 | the command, its arguments or the configuration are wrong |
| 3 | no server runs, or it does not answer |

What goes wrong is one line on the error stream, with what to do. With \`--json\` the answer is JSON as the API gives it.
Passwords are asked for on the terminal, or taken from a pipe (\`pass show ann | millrace user add ann\`); they are never arguments, which other users of the machine can see.
`;

/** docs/reference/cli.md */
export function writeCommandReference(program: Command): string {
  const options = optionRows(program).join('\n');
  const rows = program.commands.flatMap((command) => commandRows(command, ''));
  const commands = ['## All commands', '', '| command | does |', '| --- | --- |', ...rows, ''];
  return [HEAD, '| option | does |', '| --- | --- |', options, '', ...commands, EXITS].join('\n');
}

function optionRows(command: Command): string[] {
  return command.options
    .filter(({ long }) => long !== '--version')
    .map(({ flags, description }) => `| \`${cell(flags)}\` | ${cell(description)} |`);
}

function commandRows(command: Command, before: string): string[] {
  const name = `${before}${command.name()}`;
  if (command.commands.length > 0) {
    return command.commands.flatMap((child) => commandRows(child, `${name} `));
  }
  const usage = command.registeredArguments.map((argument) => {
    const text = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${text}>` : `[${text}]`;
  });
  const options = command.options.map(
    ({ flags, description }) => `\`${cell(flags)}\` ${cell(description)}`,
  );
  const says = [cell(command.description()), ...options].join('; ');
  return [`| \`${[name, ...usage].join(' ')}\` | ${says} |`];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
