import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dnsHint } from './dns-hint.ts';

const RECORDS: Readonly<Record<string, readonly string[]>> = {
  'here.example': ['198.51.100.2', '2001:db8::2'],
  'half.example': ['198.51.100.2', '2001:db8::bad'],
  'elsewhere.example': ['203.0.113.9'],
};

async function resolve(name: string): Promise<readonly string[]> {
  const found = RECORDS[name];
  if (found === undefined) throw new Error('ENOTFOUND');
  return found;
}

const own = ['198.51.100.2', '2001:db8::2'];
const cases: readonly {
  readonly names: readonly string[];
  readonly type?: string;
  readonly own?: readonly string[];
  readonly want: string | undefined;
}[] = [
  { names: ['here.example'], want: undefined },
  {
    names: ['here.example', 'gone.example'],
    want: 'Seen from here, gone.example does not resolve.',
  },
  {
    names: ['elsewhere.example'],
    want: 'Seen from here, elsewhere.example resolves to 203.0.113.9; this machine has 198.51.100.2, 2001:db8::2.',
  },
  {
    names: ['half.example'],
    want: 'Seen from here, half.example resolves to 2001:db8::bad; this machine has 198.51.100.2, 2001:db8::2.',
  },
  { names: ['elsewhere.example'], own: [], want: undefined },
  { names: ['gone.example'], type: 'rateLimited', want: undefined },
];
for (const { names, type = 'connection', want, ...rest } of cases) {
  test(`${type} about ${names.join(', ')}${rest.own ? ', behind NAT' : ''}`, async () => {
    assert.equal(await dnsHint(type, { names, own: rest.own ?? own, resolve }), want);
  });
}
