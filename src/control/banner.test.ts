import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../access/secret.ts';
import { type BannerFacts, writeBanner } from './banner.ts';

const FACTS: BannerFacts = {
  publicUrl: undefined,
  host: '192.0.2.7',
  networkHost: undefined,
  httpPort: 3333,
  httpsPort: undefined,
  rtmpPort: 1935,
  demo: undefined,
  app: 'live',
  key: { file: '/state/publish-key', secret: undefined },
  openApps: [],
  claimCode: new Secret('abcd-efgh', 'claim code'),
};

test('every URL is what others can open', () => {
  assert.match(writeBanner(FACTS), /^Watch {8}http:\/\/192\.0\.2\.7:3333\/live\/stage$/m);
  const secure = writeBanner({ ...FACTS, host: 'live.example.net', httpsPort: 443 });
  assert.match(secure, /^Owner {8}https:\/\/live\.example\.net\/setup#abcd-efgh$/m);
  assert.match(secure, /without HTTPS.*http:\/\/live\.example\.net:3333/);
});

test('behind a proxy nothing sends the owner or a key around it', () => {
  const publicUrl = 'https://live.example.net';
  const text = writeBanner({ ...FACTS, publicUrl, networkHost: '192.0.2.8' });
  assert.doesNotMatch(text, /http:|3333|192\.0\.2\.8/);
  assert.match(text, /^Watch {8}https:\/\/live\.example\.net\/live\/stage$/m);
  assert.match(text, /^Owner {8}https:\/\/live\.example\.net\/setup#/m);
  assert.match(text, /Server rtmp:\/\/192\.0\.2\.7:1935\/live/, 'RTMP does not go through it');
});
