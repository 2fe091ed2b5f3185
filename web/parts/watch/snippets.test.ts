import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameSnippet, scriptSnippet } from './snippets.ts';

const EMBED = 'https://live.example.net/embed/show/a';

test('snippets hold hostile names as text', () => {
  const frame = frameSnippet(EMBED, '"><script>alert(1)</script>');
  assert.match(frame, /title="&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;"/);
  assert.match(frame, /^<iframe src="https:\/\/live\.example\.net\/embed\/show\/a" /);
});

test('the script variant plays from where the frame would', () => {
  assert.equal(
    scriptSnippet('https://live.example.net', 'show/a'),
    '<script src="https://live.example.net/player.js"></script>\n<millrace-player src="/show/a"></millrace-player>',
  );
});
