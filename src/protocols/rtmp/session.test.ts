import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from '../../../test/fuzz/mutate.ts';
import { rtmpCaptures } from '../../../test/vectors/rtmp/read.ts';
import { type AmfValue, amfObject, isAmfObject, readAmf0, writeAmf0 } from '../amf/amf0.ts';
import { ByteQueue } from './byte-queue.ts';
import { ChunkReader } from './chunk-reader.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { HANDSHAKE_BYTES } from './handshake.ts';
import { MESSAGE, type RtmpMessage, writeUint32, writeUserControl } from './message.ts';
import { type RtmpOutput, RtmpSession } from './session.ts';

const RANDOM = new Uint8Array(2 * HANDSHAKE_BYTES).fill(7);

const captures = Object.entries(rtmpCaptures).map(([name, bytes]) => ({ name, bytes }));

/** A member of the information object that a command carries. */
function infoOf(command: AmfValue[] | undefined, name: string): AmfValue {
  const info = command?.[3];
  return isAmfObject(info) ? info.get(name) : undefined;
}

function newSession(): RtmpSession {
  return new RtmpSession({ random: RANDOM, nowMs: 0 });
}

function drain(session: RtmpSession): RtmpOutput[] {
  const outputs: RtmpOutput[] = [];
  for (let output = session.poll(); output; output = session.poll()) {
    outputs.push(output);
    if (output.type === 'publish') session.acceptPublish(0);
  }
  return outputs;
}

function replay(bytes: Uint8Array, pieceBytes: number): RtmpOutput[] {
  const session = newSession();
  const outputs: RtmpOutput[] = [];
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    session.receive(bytes.slice(offset, offset + pieceBytes), 0);
    outputs.push(...drain(session));
  }
  return outputs;
}

/** A client that says what it is told to. */
class Client {
  readonly session = newSession();
  readonly outputs: RtmpOutput[] = [];
  readonly #writer = new ChunkWriter();
  readonly #queue = new ByteQueue();
  readonly #reader = new ChunkReader(this.#queue, 1_000_000);
  nowMs = 0;

  /** A client past its handshake. */
  static connected(): Client {
    const client = new Client();
    client.sendBytes(new Uint8Array([3, ...new Uint8Array(2 * HANDSHAKE_BYTES)]));
    const reply = client.take('transmit');
    assert.equal(reply?.bytes.length, 1 + 2 * HANDSHAKE_BYTES);
    return client;
  }

  /** One that OBS would be: all commands up to publish. */
  static publishing(): Client {
    const client = Client.connected();
    client.command(
      'connect',
      1,
      amfObject({ app: 'show', flashVer: 'FMLE/3.0', tcUrl: 'rtmp://h/show' }),
    );
    client.command('releaseStream', 2, null, 'slot-1?key=S');
    client.command('FCPublish', 3, null, 'slot-1?key=S');
    client.command('createStream', 4, null);
    client.command('publish', 5, null, 'slot-1?key=S', 'live');
    return client;
  }

  sendBytes(bytes: Uint8Array): void {
    this.session.receive(bytes, this.nowMs);
    this.collect();
  }

  send(type: number, body: Uint8Array): void {
    this.sendBytes(this.#writer.write(3, { type, streamId: 1, timestampMs: 0, body }));
  }

  command(...values: AmfValue[]): void {
    this.send(MESSAGE.commandAmf0, writeAmf0(values));
  }

  collect(): void {
    for (let output = this.session.poll(); output; output = this.session.poll()) {
      this.outputs.push(output);
    }
  }

  take<T extends RtmpOutput['type']>(type: T): Extract<RtmpOutput, { type: T }> | undefined {
    const index = this.outputs.findIndex((output) => output.type === type);
    return index < 0
      ? undefined
      : (this.outputs.splice(index, 1)[0] as Extract<RtmpOutput, { type: T }>);
  }

  /** What the server said since the last call. */
  heard(): RtmpMessage[] {
    for (let output = this.take('transmit'); output; output = this.take('transmit')) {
      this.#queue.push(output.bytes);
    }
    const messages: RtmpMessage[] = [];
    for (let message = this.#reader.read(); message; message = this.#reader.read()) {
      assert(typeof message !== 'string');
      if (message.type === MESSAGE.setChunkSize) this.#reader.setChunkSize(4096);
      messages.push(message);
    }
    return messages;
  }

  heardCommands(): AmfValue[][] {
    return this.heard()
      .filter(({ type }) => type === MESSAGE.commandAmf0)
      .map(({ body }) => readAmf0(body) as AmfValue[]);
  }
}

for (const { name, bytes } of captures) {
  test(`${name}: the same outputs however TCP cuts it`, () => {
    const whole = replay(bytes, bytes.length);
    assert.equal(whole.filter(({ type }) => type === 'publish').length, 1);
    // GStreamer's muxer says it all again when it learns more.
    const metadata = name === 'gstreamer' ? 4 : 1;
    assert.equal(whole.filter(({ type }) => type === 'metadata').length, metadata);
    const tags = whole.filter((output) => output.type === 'tag');
    assert(tags.length > 9);
    assert.deepEqual(whole.at(-1), { type: 'closed', reason: 'left', reject: undefined });
    for (const pieceBytes of [1, 100, 1460]) {
      const media = (outputs: RtmpOutput[]) => outputs.filter(({ type }) => type !== 'transmit');
      assert.deepEqual(media(replay(bytes, pieceBytes)), media(whole));
    }
  });
}

test('a session publishes, as OBS does it', () => {
  const client = Client.publishing();
  const publish = client.take('publish');
  assert.deepEqual(publish, {
    type: 'publish',
    target: { path: 'show/slot-1', credential: 'S', url: 'rtmp://h/show/slot-1?key=S' },
    encoder: 'FMLE/3.0',
  });
  const [connect, ...results] = client.heardCommands();
  assert.equal(connect?.[0], '_result');
  assert.equal(infoOf(connect, 'code'), 'NetConnection.Connect.Success');
  assert.deepEqual(
    results.map((values) => [values[0], values[1], values[3]]),
    [
      ['_result', 2, undefined],
      ['_result', 3, undefined],
      ['_result', 4, 1],
    ],
  );
  client.session.acceptPublish(0);
  client.collect();
  const [begin, status] = client.heard();
  assert.equal(begin?.type, MESSAGE.userControl);
  assert.equal((readAmf0(status!.body) as AmfValue[])[0], 'onStatus');
  assert.equal(status!.streamId, 1);

  client.send(
    MESSAGE.dataAmf0,
    writeAmf0(['@setDataFrame', 'onMetaData', amfObject({ encoder: 'obs' })]),
  );
  assert.equal(client.take('metadata')?.values.get('encoder'), 'obs');
  client.send(MESSAGE.video, Uint8Array.of(0x17, 1));
  assert.deepEqual(client.take('tag'), {
    type: 'tag',
    kind: 'video',
    timestampMs: 0,
    body: Uint8Array.of(0x17, 1),
  });
  client.command('FCUnpublish', 6, null, 'slot-1?key=S');
  assert.deepEqual(client.outputs, [{ type: 'closed', reason: 'left', reject: undefined }]);
});

test('media that comes before the decision waits for it', () => {
  const client = Client.publishing();
  client.send(MESSAGE.video, Uint8Array.of(0x17, 0));
  assert.equal(client.take('tag'), undefined);
  client.session.acceptPublish(0);
  client.collect();
  assert.equal(client.take('tag')?.kind, 'video');
});

test('a refusal says why, then closes', () => {
  const client = Client.publishing();
  client.heard();
  client.session.refusePublish('NetStream.Publish.Denied', 'Wrong key.');
  client.collect();
  const [status] = client.heardCommands();
  assert.deepEqual(
    status?.[3],
    amfObject({ level: 'error', code: 'NetStream.Publish.Denied', description: 'Wrong key.' }),
  );
  assert.deepEqual(client.take('closed'), { type: 'closed', reason: 'refused', reject: undefined });
});

test('pings are answered', () => {
  const client = Client.publishing();
  client.session.acceptPublish(0);
  client.heard();
  client.collect();
  client.heard();
  client.send(MESSAGE.userControl, writeUserControl(6, writeUint32(1234)));
  assert.deepEqual(
    client.heard().map(({ body }) => Buffer.from(body).toString('hex')),
    ['0007000004d2'],
  );
});

test('acknowledges as often as the peer asks', () => {
  const client = Client.publishing();
  client.session.acceptPublish(0);
  client.collect();
  client.heard();
  client.send(MESSAGE.windowAckSize, writeUint32(10_000));
  client.heard();
  for (let count = 0; count < 30; count++) client.send(MESSAGE.audio, new Uint8Array(1000));
  const acknowledgements = client.heard().filter(({ type }) => type === MESSAGE.acknowledgement);
  assert.equal(acknowledgements.length, 3);
});

test('deadlines: 10 s to publish, then 5 s of silence', () => {
  const client = Client.publishing();
  assert.equal(client.session.deadlineMs, 10_000);
  client.session.acceptPublish(3_000);
  assert.equal(client.session.deadlineMs, 8_000);
  client.nowMs = 6_000;
  client.send(MESSAGE.audio, Uint8Array.of(0xaf, 1));
  client.session.advance(10_999);
  client.collect();
  assert.equal(client.take('closed'), undefined);
  client.session.advance(11_000);
  client.collect();
  assert.equal(client.take('closed')?.reason, 'timed-out');
  assert.equal(client.session.deadlineMs, undefined);

  const silent = newSession();
  silent.advance(10_000);
  assert.deepEqual(silent.poll(), { type: 'closed', reason: 'timed-out', reject: undefined });
});

test('what ends a session, and the word for it', () => {
  const cases: readonly [string, (client: Client) => void][] = [
    ['command-out-of-place', (client) => client.command('publish', 1, null, 'slot-1')],
    ['command-out-of-place', (client) => client.command('createStream', 1, null)],
    ['command-malformed', (client) => client.command('connect', 1, null)],
    ['command-malformed', (client) => client.command(1, 1, null)],
    ['amf-truncated', (client) => client.send(MESSAGE.commandAmf0, Uint8Array.of(2, 0))],
    ['command-malformed', (client) => client.send(MESSAGE.commandAmf3, Uint8Array.of(0))],
    ['control-malformed', (client) => client.send(MESSAGE.setChunkSize, Uint8Array.of(0))],
    ['chunk-size-bad', (client) => client.send(MESSAGE.setChunkSize, writeUint32(1))],
    ['message-too-large', (client) => client.send(MESSAGE.audio, new Uint8Array(70_000))],
    ['not-a-publisher', (client) => client.command('play', 1, null, 'slot-1')],
  ];
  for (const [reject, act] of cases) {
    const client = Client.connected();
    act(client);
    assert.equal(client.take('closed')?.reject, reject);
    client.send(MESSAGE.audio, new Uint8Array(10));
    assert.deepEqual(
      client.outputs.filter(({ type }) => type !== 'transmit'),
      [],
    );
  }
});

test('bounds what an unknown peer may make us hold', () => {
  const client = Client.publishing();
  for (let count = 0; count < 20; count++) client.sendBytes(new Uint8Array(60_000));
  assert.equal(client.take('closed')?.reject, 'too-many-bytes-before-publish');
});

test('an aggregate message is its parts', () => {
  const client = Client.publishing();
  client.session.acceptPublish(0);
  client.collect();
  const part = (type: number, ms: number, byte: number) => [
    type,
    0,
    0,
    1,
    0,
    0,
    ms,
    0,
    0,
    0,
    0,
    byte,
    0,
    0,
    0,
    12,
  ];
  client.send(MESSAGE.aggregate, Uint8Array.from([...part(8, 100, 0xaf), ...part(9, 120, 0x17)]));
  const tags = client.outputs.filter((output) => output.type === 'tag');
  assert.deepEqual(
    tags.map(({ kind, timestampMs, body }) => [kind, timestampMs, body[0]]),
    [
      ['audio', 0, 0xaf],
      ['video', 20, 0x17],
    ],
  );
});

test('Enhanced RTMP: what we can is told to those who ask, and to nobody else', () => {
  const connect = (members: Record<string, AmfValue>) => {
    const client = Client.connected();
    client.command('connect', 1, amfObject({ app: 'show', ...members }));
    return client.heardCommands().find(([name]) => name === '_result');
  };
  assert.equal(infoOf(connect({}), 'capsEx'), undefined);
  assert.equal(infoOf(connect({}), 'fourCcList'), undefined);
  for (const members of [{ fourCcList: ['hvc1'] }, { capsEx: 0 }]) {
    const result = connect(members);
    assert.equal(infoOf(result, 'capsEx'), 7);
    assert.deepEqual(infoOf(result, 'fourCcList'), [
      ...['avc1', 'hvc1', 'av01', 'vp09', 'vp08', 'Opus', 'mp4a'],
    ]);
    const video = infoOf(result, 'videoFourCcInfoMap');
    assert(isAmfObject(video));
    assert.equal(video.get('hvc1'), 4);
  }
});

test('a stopping server asks those to reconnect who can', () => {
  for (const capsEx of [1, 0, undefined]) {
    const client = Client.connected();
    client.command('connect', 1, amfObject({ app: 'show', capsEx }));
    client.command('createStream', 4, null);
    client.command('publish', 5, null, 'slot-1?key=S', 'live');
    client.session.acceptPublish(0);
    client.collect();
    client.heard();
    client.session.askToReconnect();
    client.session.close(undefined);
    client.collect();
    const [asked] = client.heardCommands();
    assert.equal(
      infoOf(asked, 'code'),
      capsEx === 1 ? 'NetConnection.Connect.ReconnectRequest' : undefined,
    );
    assert.equal(client.take('closed')?.reason, 'closed-by-us');
  }
});

test('commands and metadata in AMF3 messages are read', () => {
  const client = Client.connected();
  const send = (type: number, ...parts: readonly Uint8Array[]) =>
    client.send(type, new Uint8Array(Buffer.concat([Uint8Array.of(0), ...parts])));
  const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
  // { app: 'show' } in AMF3.
  send(
    MESSAGE.commandAmf3,
    writeAmf0(['connect', 1]),
    hex('11 0a 0b 01 07617070 06 0973686f77 01'),
  );
  send(MESSAGE.commandAmf3, writeAmf0(['createStream', 2, null]));
  send(MESSAGE.commandAmf3, writeAmf0(['publish', 3, null, 'slot-1?key=S', 'live']));
  assert.equal(client.take('publish')?.target.path, 'show/slot-1');
  client.session.acceptPublish(0);
  send(
    MESSAGE.dataAmf3,
    writeAmf0(['@setDataFrame', 'onMetaData']),
    hex('11 0a 0b 01 07667073 04 1e 01'),
  );
  assert.deepEqual(client.take('metadata')?.values, amfObject({ fps: 30 }));
});

test('our own close tells a publishing encoder why', () => {
  const client = Client.publishing();
  client.session.acceptPublish(0);
  client.collect();
  client.heard();
  client.session.close('Another encoder took over this stream.');
  client.collect();
  assert.match(String(infoOf(client.heardCommands()[0], 'description')), /took over/);
  assert.equal(client.take('closed')?.reason, 'closed-by-us');
});

test('survives every truncation of every capture', () => {
  for (const { bytes } of captures) {
    for (let length = 0; length < bytes.length; length += length < 4500 ? 1 : 13) {
      replay(bytes.subarray(0, length), 4096);
    }
  }
});

test('survives mutation', () => {
  // Behind the handshake, which any bytes pass: mutations there would be wasted.
  const head = captures[0]!.bytes.slice(0, 1 + 2 * HANDSHAKE_BYTES);
  const commands = captures.map(({ bytes }) => bytes.slice(head.length, head.length + 3000));
  fuzz(commands, (input) => {
    const outputs = replay(Buffer.concat([head, input]), 1460);
    assert(outputs.filter(({ type }) => type === 'closed').length <= 1);
  });
});
