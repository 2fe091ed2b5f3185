/** The OpenAPI document, made from the table of routes: it cannot say anything that the code does not do. */
import type * as v from 'valibot';
import { LOCAL_SCOPES } from '../../access/scopes.ts';
import { COOKIES } from '../access/visitor.ts';
import { paramsOf, type Route } from './route.ts';
import { named } from './shapes.ts';

type Json = { readonly [name: string]: unknown };
/** A shape as it comes in, before defaults are filled in, or as it goes out. */
type Convert = (schema: v.GenericSchema, typeMode: 'input' | 'output') => Json;

/** Names of the shapes that the document defines once. */
const NAMED: Readonly<Record<string, v.GenericSchema>> = named;

/** An OpenAPI 3.1 document. The converter is loaded when the first one is asked for: few ever are. */
export async function openApiDocument(table: readonly Route[], version: string): Promise<Json> {
  const { toJsonSchema, toJsonSchemaDefs } = await import('@valibot/to-json-schema');
  const config = {
    target: 'draft-2020-12',
    errorMode: 'ignore',
    overrideRef: ({ referenceId }: { readonly referenceId: string }) =>
      `#/components/schemas/${referenceId}`,
  } as const;
  const convert: Convert = (schema, typeMode) => {
    const { $schema, $defs, ...rest } = toJsonSchema(schema as v.GenericSchema<unknown>, {
      ...config,
      typeMode,
      definitions: NAMED as Record<string, v.GenericSchema<unknown>>,
    }) as Json;
    return rest;
  };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Millrace',
      version,
      description:
        'What the pages and the command line use. A token goes into the Authorization header; x-millrace-scope says what it must be allowed.',
    },
    servers: [{ url: '/api' }],
    paths: pathsOf(table, convert),
    components: {
      schemas: toJsonSchemaDefs(NAMED as Record<string, v.GenericSchema<unknown>>, {
        ...config,
        typeMode: 'output',
      }),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: COOKIES.session },
        guest: { type: 'apiKey', in: 'cookie', name: COOKIES.guest },
      },
    },
  };
}

function pathsOf(table: readonly Route[], convert: Convert): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of table) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operationOf(route, convert);
  }
  return paths;
}

function operationOf(route: Route, convert: Convert): Json {
  const { who, tag, summary, notes } = route;
  const parameters = [
    ...paramsOf(route.path).map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...queryOf(route.query, convert),
  ];
  return {
    operationId: operationIdOf(route),
    tags: [tag],
    summary,
    ...(notes === undefined ? {} : { description: notes }),
    security: securityOf(who),
    'x-millrace-scope': who,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestOf(route, convert),
    responses: responsesOf(route, convert),
  };
}

function requestOf({ body, upload }: Route, convert: Convert): Json {
  if (body !== undefined) {
    return { requestBody: { required: true, content: json(convert(body, 'input')) } };
  }
  return upload === undefined ? {} : { requestBody: { required: true, content: { [upload]: {} } } };
}

/** By a token or a signed-in person's cookie; what this machine may look at, also without either. */
function securityOf(who: Route['who']): readonly Json[] {
  if (who === 'anyone') return [];
  if (who === 'person') return [{ cookie: [] }];
  if (who === 'guest') return [{ guest: [] }];
  const either = [{ token: [] }, { cookie: [] }];
  return LOCAL_SCOPES.includes(who) ? [...either, {}] : either;
}

function responsesOf(route: Route, convert: Convert): Json {
  const { status, shape, contentType } = route.answer;
  const content = () => {
    if (shape !== undefined) return { content: json(convert(shape, 'output')) };
    return contentType === undefined ? {} : { content: { [contentType]: {} } };
  };
  const own = route.problems.length === 0 ? '' : ` Of its own: ${route.problems.join(', ')}.`;
  const ok = status === 204 ? 'Done.' : 'As asked for.';
  return {
    [status]: { description: ok, ...content() },
    default: {
      description: `A problem (RFC 9457).${own}`,
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  };
}

function queryOf(query: v.GenericSchema | undefined, convert: Convert): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = convert(query, 'input') as {
    properties?: Record<string, Json>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}

/** `getStreamsByAppStream`: names for those who generate clients. */
export function operationIdOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  const words = path
    .split('/')
    .filter(Boolean)
    .map((part) => (part.startsWith(':') ? `by-${part.slice(1)}` : part.replace('.', '-')));
  return [method.toLowerCase(), ...words]
    .join('-')
    .replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
