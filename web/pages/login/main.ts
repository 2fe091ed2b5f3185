/** The page `/login`, which also stands in for a stream that needs a password or an account. */
import type { SessionInfo } from '../../../src/api/sign-in.ts';
import { askedNext, type Mode, missingIn, modeOf, nextUrl } from './mode.ts';

const page = new URL(location.href);
const needs = document.querySelector<HTMLMetaElement>('meta[name="needs"]')?.content;
let mode = modeOf(page, needs);
/** Asked for once the server has said that the account has one. */
let asksForCode = false;

show();
byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  void submit();
});
byId('out').addEventListener('click', async () => {
  await post('/api/logout', undefined);
  location.reload();
});
// The address with a code, opened where this page is open already, changes nothing but the part behind the #.
addEventListener('hashchange', () => location.reload());
// The code is in no history and no bookmark.
if (mode.kind === 'claim') history.replaceState(null, '', `/login${location.search}`);
if (mode.kind !== 'password') void showWhoIsIn();

async function submit(): Promise<void> {
  const given = { code: value('claim-code'), name: value('name'), password: value('password') };
  const missing = missingIn(mode.kind, given);
  if (missing !== undefined) return tell(missing);
  const button = byId<HTMLButtonElement>('go');
  button.disabled = true;
  tell(undefined);
  const response = await post(...requestOf(mode)).catch(() => undefined);
  button.disabled = false;
  if (response?.ok) {
    location.replace(nextUrl(page));
    return;
  }
  const problem = await problemOf(response);
  asksForCode ||= problem.reason === 'second-factor-needed';
  show();
  if (problem.reason === 'second-factor-needed') byId('code').focus();
  else tell(problem.detail);
}

function requestOf({ kind, ...rest }: Mode): [string, object] {
  const password = value('password');
  if (kind === 'password') return ['/api/password', { ...rest, password }];
  const name = value('name');
  if (kind === 'claim') return ['/api/claim', { code: value('claim-code'), name, password }];
  return ['/api/login', { name, password, ...(asksForCode && { code: value('code') }) }];
}

async function showWhoIsIn(): Promise<void> {
  const response = await fetch('/api/session').catch(() => undefined);
  if (!response?.ok) return;
  const { person, needsOwner } = (await response.json()) as SessionInfo;
  if (person !== null && askedNext(page) !== undefined) {
    location.replace(nextUrl(page));
  } else if (person !== null) {
    byId('form').hidden = true;
    byId('inside').hidden = false;
    byId('who').textContent = person.name;
    byId('role').textContent = person.role;
    byId('lead').hidden = true;
    title('Your account', '');
  } else if (mode.kind === 'claim' && !needsOwner) {
    mode = { kind: 'sign-in' };
    show();
    title('Sign in', 'Sign in');
    lead('This server has its owner already: the code is used up. Sign in with that account.');
  } else if (needsOwner && mode.kind === 'sign-in') {
    lead('This server has no owner yet. Its terminal shows the address that makes the account. ');
    byId('lead').append(linkTo('/setup', 'I have its code'));
  }
}

function show(): void {
  const shown = asksForCode ? [mode.kind, 'second-factor'] : [mode.kind];
  for (const part of document.querySelectorAll<HTMLElement>('[data-for]')) {
    part.hidden = !part.dataset['for']?.split(' ').some((kind) => shown.includes(kind));
  }
  if (mode.kind === 'claim') {
    title('Make your account', 'Make the account');
    lead('You are the owner of this server: choose how you will sign in.');
    byId<HTMLInputElement>('claim-code').value ||= mode.code;
    byId<HTMLInputElement>('password').autocomplete = 'new-password';
  } else if (mode.kind === 'password') {
    title('Password, please', 'Watch');
    lead('This stream is for those who know its password.');
  } else if (page.pathname !== '/login') {
    lead('This stream is for people with an account here.');
  }
}

function title(heading: string, action: string): void {
  byId('title').textContent = heading;
  document.title = `${heading} · Millrace`;
  byId('go').textContent = action;
}

function lead(text: string): void {
  byId('lead').hidden = false;
  byId('lead').textContent = text;
}

function linkTo(href: string, text: string): HTMLAnchorElement {
  const link = document.createElement('a');
  link.href = href;
  link.textContent = text;
  return link;
}

function tell(trouble: string | undefined): void {
  byId('trouble').hidden = trouble === undefined;
  byId('trouble').textContent = trouble ?? '';
}

function post(path: string, body: object | undefined): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' };
  return fetch(path, { method: 'POST', headers, body: JSON.stringify(body ?? {}) });
}

async function problemOf(
  response: Response | undefined,
): Promise<{ readonly reason: string; readonly detail: string }> {
  const silent = { reason: 'silent', detail: 'The server does not answer. Try again.' };
  const problem = await response?.json().catch(() => undefined);
  if (typeof problem?.detail !== 'string') return silent;
  return { reason: String(problem.type).split(':').at(-1) ?? '', detail: problem.detail };
}

function value(id: string): string {
  return byId<HTMLInputElement>(id).value;
}

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}
