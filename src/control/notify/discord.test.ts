import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerEvent } from '../../api/events.ts';
import type { OutboundAnswer } from '../outbound/outbound.ts';
import { discordCall, discordVerdict } from './discord.ts';

const WEBHOOK = 'https://discord.com/api/webhooks/1234/token-of_it';
const NOW_MS = Date.UTC(2026, 0, 1);
const watchUrl = 'https://live.example.net/show/slot_1';
const live: ServerEvent = {
  type: 'stream.live',
  timestamp: '2026-01-01T00:00:00.000Z',
  data: {
    ...{ stream: 'show/slot_1', protocol: 'whip', period: 'p1' },
    ...{ since: '2026-01-01T00:00:00.000Z', watchUrl },
  },
};
const ended: ServerEvent = {
  type: 'stream.ended',
  timestamp: '2026-01-01T02:13:10.000Z',
  data: {
    ...{ stream: 'show/slot_1', period: 'p1', reason: 'left', watchUrl },
    ...{ since: '2026-01-01T00:00:00.000Z', until: '2026-01-01T02:13:00.000Z' },
    ...{ durationMs: 7_980_000, peakViewers: 41 },
  },
};

test('a live stream is a message with its name and where to watch it, and pings nobody', () => {
  const { method, url, body } = discordCall(WEBHOOK, live, undefined);
  assert.equal(`${method} ${url}`, `POST ${WEBHOOK}?wait=true`);
  assert.deepEqual(JSON.parse(body), {
    embeds: [
      {
        title: 'show/slot\\_1 is live',
        description: `Watch: ${watchUrl}`,
        url: watchUrl,
        color: 0xe53935,
        timestamp: '2026-01-01T00:00:00.000Z',
      },
    ],
    allowed_mentions: { parse: [] },
  });
});

test('its end edits that message; where there is none it is one of its own', () => {
  const edit = discordCall(`${WEBHOOK}?thread_id=77`, ended, '999');
  assert.equal(`${edit.method} ${edit.url}`, `PATCH ${WEBHOOK}/messages/999?thread_id=77`);
  const [embed] = JSON.parse(edit.body).embeds;
  assert.equal(embed.title, 'show/slot\\_1 was live');
  assert.equal(embed.description, 'Ended after 2 h 13 min, peak 41 viewers.');
  const own = discordCall(`${WEBHOOK}/`, ended, undefined);
  assert.equal(`${own.method} ${own.url}`, `POST ${WEBHOOK}?wait=true`);
});

test('a name that Discord would not link to stands in the text alone', () => {
  const local = { ...live, data: { ...live.data, watchUrl: 'http://localhost:3333/a/b' } };
  const [embed] = JSON.parse(discordCall(WEBHOOK, local as ServerEvent, undefined).body).embeds;
  assert.equal(embed.url, undefined);
  assert.match(embed.description, /http:\/\/localhost:3333\/a\/b/);
});

function answer(status: number, body = '', headers: OutboundAnswer['headers'] = {}) {
  return { status, headers, body: Buffer.from(body) };
}

const verdicts = [
  { name: 'a message was made', answer: answer(200, '{"id":"77"}'), want: 'done 77 hold 0' },
  { name: 'no content', answer: answer(204), want: 'done undefined hold 0' },
  {
    name: 'the last of this second',
    answer: answer(200, '{"id":"77"}', {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset-after': '1.25',
    }),
    want: 'done 77 hold 1250',
  },
  {
    name: 'too many: the fraction in the body',
    answer: answer(429, '{"retry_after":0.4,"global":false}', { 'retry-after': '1' }),
    want: 'again 400',
  },
  {
    name: 'too many: the header',
    answer: answer(429, '', { 'retry-after': '3' }),
    want: 'again 3000',
  },
  { name: 'down', answer: answer(502, '<html>'), want: 'again undefined' },
  { name: 'deleted', answer: answer(404, '{"code":10015}'), want: 'stopped' },
  { name: 'another token', answer: answer(401, '{"code":50027}'), want: 'stopped' },
  {
    name: 'the message was deleted',
    answer: answer(404, '{"code":10008}'),
    want: 'done undefined hold 0',
  },
  { name: 'not as Discord wants it', answer: answer(400, '{"code":50035}'), want: 'dropped' },
  { name: "a gateway's no", answer: answer(403, '<html>'), want: 'again undefined' },
  { name: 'no JSON object', answer: answer(404, '[]'), want: 'again undefined' },
];

for (const { name, answer: given, want } of verdicts) {
  test(`Discord's answer: ${name}`, () => {
    const verdict = discordVerdict(given, NOW_MS);
    const told = {
      done: () =>
        `done ${'message' in verdict && verdict.message} hold ${'holdMs' in verdict && verdict.holdMs}`,
      again: () => `again ${'afterMs' in verdict && verdict.afterMs}`,
      dropped: () => 'dropped',
      stopped: () => 'stopped',
    }[verdict.outcome]();
    assert.equal(told, want);
  });
}
