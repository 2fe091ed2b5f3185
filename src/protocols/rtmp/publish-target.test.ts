import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPublishTarget } from './publish-target.ts';

const URL = 'rtmp://host/show';

const cases: readonly [
  name: string,
  parameters: Parameters<typeof readPublishTarget>,
  path: string,
  credential: string | undefined,
][] = [
  ['OBS: key in the stream key', ['show', URL, 'slot-1?key=S3cret'], 'show/slot-1', 'S3cret'],
  ['no key', ['show', URL, 'slot-1'], 'show/slot-1', undefined],
  ['key in the server URL', ['show?key=S', `${URL}?key=S`, 'slot-1'], 'show/slot-1', 'S'],
  ['key in tcUrl alone', ['show', `${URL}?key=S`, 'slot-1'], 'show/slot-1', 'S'],
  ['both: the stream key counts', ['show?key=A', URL, 'slot-1?key=B'], 'show/slot-1', 'B'],
  ['other parameters', ['show', URL, 'slot-1?a=1&key=S&b=2'], 'show/slot-1', 'S'],
  ['percent encoding', ['show', URL, 'slot-1?key=a%2Fb'], 'show/slot-1', 'a/b'],
  ['a slash at the end', ['show/', `${URL}/`, '/slot-1?key=S'], 'show/slot-1', 'S'],
  ['app within the stream key', ['', 'rtmp://host', 'show/slot-1?key=S'], 'show/slot-1', 'S'],
  ['the stream as the instance, the key alone', ['show/slot-1', URL, 'S'], 'show/slot-1', 'S'],
  [
    'the stream as the instance, its query as the key',
    ['show/slot-1', URL, '?key=S'],
    'show/slot-1',
    'S',
  ],
  [
    'a password instead of a key',
    ['app', 'rtmp://host/app', 'stream?password=P'],
    'app/stream',
    'P',
  ],
  ['the default instance', ['show/_definst_', URL, 'slot-1?key=S'], 'show/slot-1', 'S'],
  ['one part too many', ['show/one', URL, 'slot-1?key=S'], 'show/one/slot-1', 'S'],
];

for (const [name, parameters, path, credential] of cases) {
  test(name, () => {
    const target = readPublishTarget(...parameters);
    assert.equal(target.path, path);
    assert.equal(target.credential, credential);
  });
}

test('the whole as one URL, parameters of both parts at its end', () => {
  const cases: readonly [Parameters<typeof readPublishTarget>, string][] = [
    [['show', `${URL}`, 'slot-1?key=S'], `${URL}/slot-1?key=S`],
    [['show', `${URL}/?a=1`, 'slot-1?key=S'], `${URL}/slot-1?a=1&key=S`],
    [['show', undefined, 'slot-1'], 'rtmp://localhost/show/slot-1'],
  ];
  for (const [parameters, url] of cases) assert.equal(readPublishTarget(...parameters).url, url);
});
