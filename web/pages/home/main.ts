/** The page `/`: what is live, and how to publish. */
import type { AppsResponse } from '../../../src/api/access.ts';
import type { SessionInfo } from '../../../src/api/sign-in.ts';
import { LivePoll } from './live-poll.ts';
import { publishAddresses } from './publish-addresses.ts';

/** How long a copy button says that it did. */
const COPIED_MS = 2_000;

const ICON_COPY = icon(
  '<path d="M9 9h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9a1 1 0 0 1-1-1V10a1 1 0 0 1 1-1z"/><path d="M16 9V4a1 1 0 0 0-1-1H5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h3"/>',
);
const ICON_DONE = icon('<path d="m5 12.5 4.5 4.5L19 7.5"/>');
const ICON_GO = icon('<path d="m9 5 7 7-7 7"/>', 'go');

let shown: readonly string[] | undefined;
let rtmpPort: number | undefined;

const poll = new LivePoll((live) => {
  byId('trouble').hidden = live !== undefined;
  if (live === undefined) return;
  rtmpPort = live.rtmpPort;
  showStreams(live.streams);
  showOpen(live.openApps);
  showAddresses();
});

byId('host').textContent = location.host;
const nameField = byId<HTMLInputElement>('name');
nameField.addEventListener('input', showAddresses);
byId('naming').addEventListener('submit', (event) => event.preventDefault());
for (const button of document.querySelectorAll<HTMLButtonElement>('.copy')) prepareCopy(button);
showAddresses();
poll.start();
void showWhoIsIn();
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') poll.start();
  else poll.stop();
});

function showStreams(names: readonly string[]): void {
  if (shown?.join() === names.join()) return;
  const list = byId('streams');
  list.hidden = names.length === 0;
  byId('empty').hidden = names.length > 0;
  // Links that stay are the same elements, so that a keyboard's focus does not vanish under its user.
  const links = new Map([...list.children].map((item) => [item.textContent, item]));
  list.replaceChildren(...names.map((name) => links.get(`Live${name}`) ?? streamItem(name)));
  showApps(names);
  if (shown !== undefined) byId('spoken').textContent = spokenCount(names.length);
  shown = names;
}

/** Apps with several streams can be watched at once. */
function showApps(names: readonly string[]): void {
  const apps = names.map((name) => name.slice(0, name.indexOf('/')));
  const several = [...new Set(apps.filter((app, at) => apps.indexOf(app) !== at))];
  const links = several.map((app) => {
    const link = document.createElement('a');
    link.href = `/${app}`;
    link.textContent = `All of ${app} at once`;
    return link;
  });
  byId('several').replaceChildren(...links);
}

/** Whoever has just signed in looks here for whether it worked. */
async function showWhoIsIn(): Promise<void> {
  const session = await ask<SessionInfo>('/api/session');
  const person = session?.person ?? null;
  if (person === null) return;
  const account = byId<HTMLAnchorElement>('account');
  account.href = '/account';
  account.textContent = person.name;
  account.title = 'Your account';
  account.setAttribute('aria-label', `Your account: ${person.name}`);
  const mayLook = person.scopes.includes('streams.read');
  byId('dashboard').hidden = !mayLook;
  if (mayLook) await suggestApp();
}

/** Where only some apps are served, the name in the field is to be one that works; strangers are not told which do. */
async function suggestApp(): Promise<void> {
  const typed = nameField.value;
  const answer = await ask<AppsResponse>('/api/apps');
  if (answer === undefined) return;
  const { apps, anyName } = answer;
  const [first] = apps;
  if (anyName || first === undefined || nameField.value !== typed) return;
  if (apps.some(({ name }) => typed.startsWith(`${name}/`))) return;
  nameField.value = `${first.name}/stage`;
  showAddresses();
}

/** Undefined where there is no good answer: the page does without. */
async function ask<Answer>(path: string): Promise<Answer | undefined> {
  try {
    const response = await fetch(path);
    return response.ok ? ((await response.json()) as Answer) : undefined;
  } catch {
    return undefined;
  }
}

/** Loud, as whoever reaches the server can show what he likes. */
function showOpen(apps: readonly string[]): void {
  byId('open').hidden = apps.length === 0;
  const all = apps.length === 1 ? 'every app' : 'every other app';
  const names = apps.map((app) => (app === '*' ? all : app)).join(', ');
  byId('open-apps').textContent = names;
}

function spokenCount(count: number): string {
  if (count === 0) return 'Nothing is live any more.';
  return count === 1 ? 'One stream is live.' : `${count} streams are live.`;
}

function streamItem(name: string): HTMLLIElement {
  const link = document.createElement('a');
  link.className = 'stream';
  link.href = `/${name}`;
  const slash = name.indexOf('/') + 1;
  const app = document.createElement('span');
  app.textContent = name.slice(0, slash);
  const label = document.createElement('span');
  label.className = 'stream-name';
  label.append(app, name.slice(slash));
  const badge = document.createElement('span');
  badge.className = 'badge';
  badge.textContent = 'Live';
  link.append(badge, label);
  link.insertAdjacentHTML('beforeend', ICON_GO);
  const item = document.createElement('li');
  item.append(link);
  return item;
}

/** Keeps the last good addresses while a name is being typed that is none yet. */
function showAddresses(): void {
  const addresses = publishAddresses(nameField.value, location.href, rtmpPort);
  const form = byId('naming');
  form.toggleAttribute('data-wrong', addresses === undefined);
  nameField.setAttribute('aria-invalid', `${addresses === undefined}`);
  if (addresses === undefined) return;
  showUrl('whip-url', addresses.whipUrl);
  showUrl('rtmp-url', addresses.rtmpUrl);
  byId('rtmp-stream').textContent = addresses.rtmpStream;
  const watch = byId<HTMLAnchorElement>('watch-url');
  showUrl('watch-url', addresses.watchUrl);
  watch.href = addresses.watchUrl;
}

/** Lets a long URL break behind its slashes, which no copy of it shows. */
function showUrl(id: string, url: string): void {
  const parts = url.split(/(?<=[^/]\/)(?=[^/])/);
  byId(id).replaceChildren(
    ...parts.flatMap((part, at) => (at === 0 ? [part] : [document.createElement('wbr'), part])),
  );
}

function prepareCopy(button: HTMLButtonElement): void {
  const what = button.dataset['what'] ?? '';
  let timer: number | undefined;
  const reset = () => {
    button.innerHTML = ICON_COPY;
    button.title = `Copy the ${what}`;
    button.setAttribute('aria-label', `Copy the ${what}`);
    button.removeAttribute('data-done');
  };
  button.addEventListener('click', async () => {
    const source = byId(button.dataset['copies'] ?? '');
    const isCopied = await copy(source);
    byId('spoken').textContent = isCopied
      ? `Copied the ${what}.`
      : `Select the ${what} and copy it by hand.`;
    if (!isCopied) return;
    button.innerHTML = ICON_DONE;
    button.title = 'Copied';
    button.setAttribute('data-done', '');
    window.clearTimeout(timer);
    timer = window.setTimeout(reset, COPIED_MS);
  });
  reset();
}

/** Over plain HTTP there is no clipboard to write to: then the text is selected, and the old command copies it. */
async function copy(source: HTMLElement): Promise<boolean> {
  const text = source.textContent ?? '';
  if (navigator.clipboard !== undefined) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  getSelection()?.selectAllChildren(source);
  return document.execCommand('copy');
}

function icon(content: string, className = ''): string {
  return `<svg class="${className}" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${content}</svg>`;
}

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}
