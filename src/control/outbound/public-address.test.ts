import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPublicAddress } from './public-address.ts';
import { addressesOf, targetOf } from './target.ts';

/** Spellings that a URL can have for places that nobody outside may make us call. */
const refused = [
  ['this machine', 'http://127.0.0.1/'],
  ['this machine, another of its addresses', 'http://127.8.9.10/'],
  ['in fewer parts', 'http://127.1/'],
  ['in hexadecimal', 'http://0x7f.0.0.1/'],
  ['as one hexadecimal number', 'http://0x7f000001/'],
  ['as one decimal number', 'http://2130706433/'],
  ['in octal', 'http://0177.0.0.1/'],
  ['as one octal number', 'http://017700000001/'],
  ['with zeros ahead, which make it octal', 'http://0300.0250.0.1/'],
  ['with a dot at the end', 'http://127.0.0.1./'],
  ['in full-width digits', 'http://１２７.０.０.１/'],
  ['with an ideographic full stop', 'http://127。0。0。1/'],
  ['percent-encoded', 'http://%31%32%37.0.0.1/'],
  ['behind a user name', 'http://example.net@127.0.0.1/'],
  ['behind a backslash', 'http:\\\\127.0.0.1\\example.net'],
  ['without slashes', 'http:127.0.0.1'],
  ['any address', 'http://0.0.0.0/'],
  ['zero alone', 'http://0/'],
  ['IPv6 loopback', 'http://[::1]/'],
  ['IPv6 loopback in full', 'http://[0:0:0:0:0:0:0:1]/'],
  ['IPv6 any', 'http://[::]/'],
  ['IPv4-mapped', 'http://[::ffff:127.0.0.1]/'],
  ['IPv4-mapped in hexadecimal', 'http://[::ffff:7f00:1]/'],
  ['IPv4-compatible', 'http://[::127.0.0.1]/'],
  ['IPv4-translated', 'http://[::ffff:0:127.0.0.1]/'],
  ['NAT64', 'http://[64:ff9b::7f00:1]/'],
  ['local NAT64', 'http://[64:ff9b:1::a00:1]/'],
  ['6to4', 'http://[2002:7f00:1::]/'],
  ['Teredo', 'http://[2001:0:7f00:1::]/'],
  ['private, RFC 1918 (10)', 'http://10.0.0.1/'],
  ['private, RFC 1918 (172.16)', 'http://172.31.255.254/'],
  ['private, RFC 1918 (192.168)', 'http://192.168.0.1/'],
  ['private, IPv4-mapped', 'http://[::ffff:192.168.0.1]/'],
  ['unique local', 'http://[fd12:3456::1]/'],
  ['site-local, deprecated', 'http://[fec0::1]/'],
  ['link-local', 'http://169.254.1.1/'],
  ['IPv6 link-local', 'http://[fe80::1]/'],
  ['metadata of most providers', 'http://169.254.169.254/latest/meta-data/'],
  ['metadata as one number', 'http://2852039166/'],
  ['metadata, IPv4-mapped', 'http://[::ffff:a9fe:a9fe]/'],
  ['metadata over IPv6', 'http://[fd00:ec2::254]/'],
  ['metadata in shared space', 'http://100.100.100.200/'],
  ['metadata among protocol assignments', 'http://192.0.0.192/'],
  ["a provider's host service", 'http://168.63.129.16/'],
  ["carriers' NAT", 'http://100.64.0.1/'],
  ['benchmarks', 'http://198.18.0.1/'],
  ['documentation', 'http://192.0.2.1/'],
  ['IPv6 documentation', 'http://[2001:db8::1]/'],
  ['multicast', 'http://224.0.0.1/'],
  ['IPv6 multicast', 'http://[ff02::1]/'],
  ['broadcast', 'http://255.255.255.255/'],
  ['the discard prefix', 'http://[100::1]/'],
] as const;

for (const [name, url] of refused) {
  test(`strangers cannot make us call ${name}: ${url}`, async () => {
    const target = targetOf(url, 'untrusted', undefined);
    if ('failed' in target) {
      assert.equal(target.failed, 'bad-url'); // no URL at all is as good
      return;
    }
    const asked: string[] = [];
    const found = await addressesOf(target, async (hostname) => {
      asked.push(hostname);
      return ['127.0.0.1'];
    });
    assert.ok('failed' in found, JSON.stringify(found));
    assert.equal(found.failed, 'address-not-allowed');
    // A number is never left to the resolver, which may read it in its own way.
    assert.deepEqual(asked, []);
  });
}

test('what is on the internet can be called', () => {
  for (const address of ['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00::1']) {
    assert.equal(isPublicAddress(address), true, address);
  }
});

test('what is no address is not public', () => {
  for (const text of ['', 'localhost', '1.2.3', 'fe80::1%eth0', '2606:4700::1111%1']) {
    assert.equal(isPublicAddress(text), false, text);
  }
});

test('one address of a name that is not public refuses them all', async () => {
  const target = targetOf('http://hook.example.net/', 'untrusted', undefined);
  assert.ok(!('failed' in target));
  const found = await addressesOf(target, async () => ['1.1.1.1', '::ffff:10.0.0.1']);
  assert.ok('failed' in found && found.failed === 'address-not-allowed');
});

test('only http and https', () => {
  for (const url of ['file:///etc/passwd', 'ftp://x/', 'gopher://x/', 'javascript:0', 'x', '']) {
    const target = targetOf(url, 'trusted', undefined);
    assert.ok('failed' in target && target.failed === 'bad-url', url);
  }
});

test("the owner's word covers his own server only", () => {
  const own = targetOf('https://hook.lan/a', 'trusted', undefined);
  assert.ok(!('failed' in own) && own.mayBePrivate);
  const nextDoor = targetOf('/b', 'trusted', own);
  assert.ok(!('failed' in nextDoor) && nextDoor.mayBePrivate && nextDoor.isOwn);
  for (const url of ['https://hook.lan:8443/', 'https://other.lan/', '//169.254.169.254/']) {
    const away = targetOf(url, 'trusted', own);
    assert.ok(!('failed' in away) && !away.mayBePrivate && !away.isOwn, url);
    const back = targetOf('https://hook.lan/a', 'trusted', away);
    assert.ok(!('failed' in back) && !back.mayBePrivate && !back.isOwn);
  }
  const inTheClear = targetOf('http://hook.lan/', 'trusted', own);
  assert.ok('failed' in inTheClear && inTheClear.failed === 'bad-url');
});
