import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encoderProgram } from './encoder-program.ts';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

const cases: readonly (readonly [string | undefined, string])[] = [
  ['Mozilla/5.0 (OBS-Studio/32.2.2+ds-1+b2; Linux x86_64; en-US)', 'obs OBS 32.2.2'],
  ['obs-output module (libobs version 30.2.3)', 'obs OBS 30.2.3'],
  ['obs-output module', 'obs OBS -'],
  ['Lavf61.7.100', 'ffmpeg FFmpeg 7'],
  ['Lavf/62.3.100', 'ffmpeg FFmpeg 8'],
  ['FMLE/3.0 (compatible; Lavf61.7.100)', 'ffmpeg FFmpeg 7'],
  ['Lavf52.1', 'ffmpeg FFmpeg -'],
  ['GStreamer 1.26.2 FLV muxer', 'gstreamer GStreamer 1.26.2'],
  [CHROME, 'browser Chrome 142'],
  [CHROME.replace('Chrome/', 'HeadlessChrome/'), 'browser Chrome 142'],
  [`${CHROME} Edg/142.0.3595.53`, 'browser Edge 142'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', 'browser Firefox 145'],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
    'browser Safari 18',
  ],
  ['FMLE/3.0 (compatible; FMSc/1.0)', 'other an unknown program -'],
  ['', 'other an unknown program -'],
  [undefined, 'other an unknown program -'],
  ['Lavf<img src=x onerror=1>', 'other an unknown program -'],
];

test('programs are known by how they call themselves', () => {
  const seen = cases.map(([userAgent]) => {
    const { kind, name, version } = encoderProgram(userAgent);
    return `${kind} ${name} ${version ?? '-'}`;
  });
  assert.deepEqual(
    seen,
    cases.map(([, want]) => want),
  );
});

test('a version is never longer than one', () => {
  const { version } = encoderProgram(`OBS-Studio/${'1'.repeat(10_000)}`);
  assert.equal(version?.length, 32);
});
