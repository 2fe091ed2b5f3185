/** The page about the API's routes, made from their table. */
import type { Route, Tag } from './route.ts';

const TITLES: Readonly<Record<Tag, string>> = {
  streams: 'Streams',
  access: 'Apps, keys, links and bans',
  guests: 'Invites and guests',
  people: 'People and tokens',
  notifications: 'Events and notifications',
  server: 'The server',
};

const HEAD = `# API

<!-- Written by scripts/reference-pages.ts from the routes in src/control/api. -->

Everything below is under \`/api\`. What goes in and what comes out is in the OpenAPI 3.1 document that the server makes from its own routes, for anyone to
read: \`GET /api/openapi.json\`. Bodies are JSON, times are ISO 8601 in UTC, and errors are problem bodies: [Problems](http-api.md#problems).

\`\`\`sh
curl -H "Authorization: Bearer $TOKEN" http://localhost:3333/api/streams
\`\`\`

Who asks is known by an API token (\`Authorization: Bearer\`), by the cookie of a person who is signed in, or by being on the server's own machine
(by \`localhost\` or a loopback address, with no proxy between), which lets one look: \`streams.read\` and \`metrics\`. What a token or a
person may do are scopes; an owner has all of them, a producer has \`streams.read\`, \`streams.write\`, \`keys\` and \`links\`.
The [commands](cli.md) use the same routes. A token is made by \`millrace token add\`. A \`guest\`
is known by the cookie that opening an invite sets: see [guests](../guide/guests.md).
`;

/** docs/reference/api.md */
export function writeApiReference(table: readonly Route[]): string {
  const tags = Object.keys(TITLES) as Tag[];
  const sections = tags.flatMap((tag) => {
    const routes = table.filter((route) => route.tag === tag);
    return routes.length === 0 ? [] : [sectionOf(TITLES[tag], routes)];
  });
  return [HEAD, ...sections].join('\n');
}

function sectionOf(title: string, routes: readonly Route[]): string {
  const rows = routes.map(({ method, path, who, summary, notes }) => {
    const says = notes === undefined ? summary : `${summary}. ${notes.replace(/\.$/, '')}`;
    const needs = who === 'anyone' ? 'nothing' : `\`${who}\``;
    return `| \`${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}\` | ${needs} | ${says} |`;
  });
  return [`## ${title}`, '', '| route | needs | does |', '| --- | --- | --- |', ...rows, ''].join(
    '\n',
  );
}
