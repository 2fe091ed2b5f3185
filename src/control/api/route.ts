/** One route of the API: who may, what goes in and what comes out. Hono's routes and the OpenAPI document both come from it. */
import type { Context } from 'hono';
import type * as v from 'valibot';
import type { Scope } from '../../access/scopes.ts';
import type { Problem } from '../problem.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who asks, as the log names them. */
export type Caller = {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Whether what let them in is still good: for an answer that goes on. */
  readonly mayStill: () => boolean;
};

/** What a route's code gets: everything checked. */
export type Request<Path extends string, Query, Body> = {
  readonly params: Readonly<Record<ParamsOf<Path>, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  /** For answers that are no JSON. */
  readonly context: Context;
};

/** One row of the table, its types erased. */
export type Route = {
  readonly method: Method;
  /** Below `/api`; `:name` stands for a part. */
  readonly path: string;
  /** `anyone`, a `person` who is signed in, a `guest` who has opened an invite, or what the caller must be allowed. */
  readonly who: 'anyone' | 'person' | 'guest' | Scope;
  /** Routes of one kind stand together in the document. */
  readonly tag: Tag;
  /** In a few words. */
  readonly summary: string;
  /** What is not plain from the shapes. */
  readonly notes: string | undefined;
  readonly query: v.GenericSchema | undefined;
  readonly body: v.GenericSchema | undefined;
  /** For a body that is no JSON, which the route's code reads itself: what it is. */
  readonly upload: string | undefined;
  readonly answer: Answer;
  /** Reasons of the problems that are its own. */
  readonly problems: readonly string[];
  readonly serve: (request: Request<string, unknown, unknown>) => unknown;
};

export type Answer = {
  readonly status: 200 | 201 | 204;
  /** Undefined for an answer without a body, or one that is no JSON. */
  readonly shape: v.GenericSchema | undefined;
  /** Where it is no JSON: what it is. The route's code returns the Response. */
  readonly contentType: string | undefined;
};

export type Tag = 'streams' | 'access' | 'guests' | 'people' | 'notifications' | 'server';

/** `app` and `stream` of `/streams/:app/:stream`. */
type ParamsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamsOf<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

type Schema = v.GenericSchema | undefined;
type InputOf<Shape> = Shape extends v.GenericSchema ? v.InferOutput<Shape> : undefined;
type Answered<Shape> = Response | (Shape extends v.GenericSchema ? v.InferInput<Shape> : undefined);

type About<Path extends string, Query extends Schema, Body extends Schema, Shape extends Schema> = {
  readonly method: Method;
  readonly path: Path;
  readonly who: Route['who'];
  readonly tag: Tag;
  readonly summary: string;
  readonly notes?: string;
  readonly query?: Query;
  readonly body?: Body;
  readonly upload?: string;
  /** 200 where there is a shape, 204 where there is none. */
  readonly status?: 200 | 201;
  readonly answer?: Shape;
  readonly contentType?: string;
  readonly problems?: readonly string[];
  readonly serve: (
    request: Request<Path, InputOf<Query>, InputOf<Body>>,
  ) => Awaitable<ReadonlyAnswer<Answered<Shape>> | Problem>;
};
type Awaitable<Value> = Value | Promise<Value>;
/** Answers are made of what others may not change. */
type ReadonlyAnswer<Value> = Value extends Response
  ? Response
  : Value extends readonly (infer Item)[]
    ? readonly ReadonlyAnswer<Item>[]
    : Value extends object
      ? { readonly [Key in keyof Value]: ReadonlyAnswer<Value[Key]> }
      : Value;

/** A row of the table: here alone the types of path, shapes and code are held against each other. */
export function route<
  const Path extends string,
  Query extends Schema = undefined,
  Body extends Schema = undefined,
  Shape extends Schema = undefined,
>(about: About<Path, Query, Body, Shape>): Route {
  const { answer: shape, contentType } = about;
  const hasBody = shape !== undefined || contentType !== undefined;
  return {
    method: about.method,
    path: about.path,
    who: about.who,
    tag: about.tag,
    summary: about.summary,
    notes: about.notes,
    query: about.query,
    body: about.body,
    upload: about.upload,
    answer: { status: about.status ?? (hasBody ? 200 : 204), shape, contentType },
    problems: about.problems ?? [],
    serve: about.serve as Route['serve'],
  };
}

/** Names of the parts that a path has open. */
export function paramsOf(path: string): string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
}
