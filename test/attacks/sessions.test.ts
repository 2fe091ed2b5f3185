/** Attack: on others' sessions by their URLs (guess, end, change), and on the room that sessions take up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnSession } from './peers.ts';
import { setStage } from './stage.ts';
import { openSession, pause, publisherOffer, viewerOffer } from './stranger.ts';
import { costOf } from './usage.ts';

const stage = setStage();

const FRAGMENT = 'a=ice-ufrag:evil\r\na=ice-pwd:evilevilevilevilevilevil\r\n';

async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
) {
  const response = await fetch(`http://127.0.0.1:${stage.server.http}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  return { status: response.status, text: await response.text() };
}

test('URLs of sessions cannot be guessed from one another', async () => {
  const ids: string[] = [];
  for (let index = 0; index < 200; index++) {
    const { location } = await openSession(stage.server, 'show/guess/whep', viewerOffer());
    ids.push(location.slice(location.lastIndexOf('/') + 1));
  }
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.ok(Buffer.from(id, 'base64url').length >= 16, id);
  // 128 random bits each: no position keeps a character, and neighbours share about 1 in 64.
  for (let at = 0; at < 21; at++) assert.ok(new Set(ids.map((id) => id[at])).size > 20, `at ${at}`);
  const neighbours = ids.slice(1).map((id, index) => same(id, ids[index] ?? ''));
  assert.ok(Math.max(...neighbours) <= 8);
});

function same(one: string, other: string): number {
  return [...one].filter((character, at) => other[at] === character).length;
}

const guesses = ['', '/', '/*', '/..', '/0', '/undefined', '/__proto__', `/${'a'.repeat(22)}`];

test('without its URL nobody ends or changes a session, with or without the publish key', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const others = [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: `Bearer ${server.key}` },
    ];
    const paths = guesses.flatMap((guess) => [
      `/show/innocent/whip${guess}`,
      `/show/innocent/whep${guess}`,
    ]);
    for (const credentials of others) {
      const headers = {
        ...credentials,
        'content-type': 'application/trickle-ice-sdpfrag',
        'if-match': '*',
      };
      for (const path of paths) {
        const statuses = [
          (await ask('DELETE', path, credentials)).status,
          (await ask('PATCH', path, headers, FRAGMENT)).status,
        ];
        for (const status of statuses) assert.ok([404, 405].includes(status), `${path}: ${status}`);
      }
    }
  }));

test("a session's URL is good for that session, in its role, under its name", () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const { location } = await openSession(server, 'show/mine/whep', viewerOffer());
    const id = location.slice(location.lastIndexOf('/') + 1);
    for (const path of [
      `/show/mine/whip/${id}`,
      `/show/other/whep/${id}`,
      `/show/innocent/whep/${id}`,
    ]) {
      assert.equal((await ask('DELETE', path)).status, 404, path);
    }
    const fragment = { 'content-type': 'application/trickle-ice-sdpfrag' };
    assert.equal((await ask('PATCH', location, fragment, FRAGMENT)).status, 428);
    assert.equal(
      (await ask('PATCH', location, { ...fragment, 'if-match': '"guess"' }, FRAGMENT)).status,
      412,
    );
    for (const method of ['GET', 'PUT', 'POST', 'HEAD']) {
      assert.equal((await ask(method, location)).status, 405, method);
    }
    assert.equal((await ask('DELETE', location)).status, 200);
    assert.equal(
      (await ask('PATCH', location, { ...fragment, 'if-match': '*' }, FRAGMENT)).status,
      404,
    );
  }));

test('publishing takes the key, whatever else is offered in its place', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const wrong = [
      '',
      'x',
      server.key.slice(1),
      `${server.key}x`,
      server.key.toUpperCase(),
      'show/innocent',
      '[stream key]',
      'undefined',
    ];
    for (const word of wrong) {
      const answers = [
        await ask(
          'POST',
          '/show/innocent/whip',
          { 'content-type': 'application/sdp', authorization: `Bearer ${word}` },
          publisherOffer(),
        ),
        await ask(
          'POST',
          `/show/innocent/whip?key=${encodeURIComponent(word)}`,
          { 'content-type': 'application/sdp' },
          publisherOffer(),
        ),
        await ask(
          'POST',
          `/show/innocent?direction=whip&key=${encodeURIComponent(word)}`,
          { 'content-type': 'application/sdp' },
          publisherOffer(),
        ),
      ];
      for (const { status, text } of answers) {
        assert.equal(status, 401, word);
        assert.ok(!text.includes(server.key));
      }
    }
  }));

test('viewers who never connect take no room from a publisher, nor for long from viewers', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const offer = viewerOffer();
    let refused = 0;
    const cost = await costOf(server, '5000 sessions that nobody comes to', async () => {
      for (let round = 0; round < 100; round++) {
        const answers = Array.from({ length: 50 }, (_, index) =>
          ask(
            'POST',
            `/show/crowd-${round}-${index}/whep`,
            { 'content-type': 'application/sdp' },
            offer,
          ),
        );
        for (const { status } of await Promise.all(answers)) if (status !== 201) refused++;
      }
    });
    // Mostly heap that nobody has had a reason to collect yet (about 155); what a session really held was 500 and more.
    assert.ok(cost.grownMiB < 200, `${cost.grownMiB} MiB more`);
    assert.ok(refused > 2500, `${refused} refused`);
    const publisher = await OwnSession.connected(server, 'publisher', 'show/late');
    await publisher.leave();
    // Those who did not come are forgotten, and others let in.
    await pause(17_000);
    const viewer = await OwnSession.connected(server, 'viewer', 'show/innocent');
    await viewer.leave();
  }));
