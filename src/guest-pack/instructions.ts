/** The page in a pack that says what to do: one file, nothing loaded from anywhere, readable on paper too. */
import type { PackKind } from '../api/packs.ts';
import { encoders } from './encoders.ts';
import { type Html, html } from './html.ts';
import { plainName } from './names.ts';
import type { Profile } from './profiles.ts';
import type { PackRequest } from './request.ts';

export function instructions(
  request: PackRequest,
  profiles: readonly Profile[],
  kind: PackKind,
): string {
  const guest = plainName(request.guest, 'guest');
  const { host } = request;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>Stream to ${host}</title>
<style>${{ html: STYLE }}</style>
</head>
<body>
<main>
<h1>Stream to ${host}</h1>
<p class="lead">OBS, made ready for <bdi>${guest}</bdi>.</p>
${kind === 'profile' ? importSteps(profiles, request) : portableSteps(profiles, kind)}
${whichProfile(request, profiles)}
${encoderNote(request, profiles)}
<h2>If something is wrong</h2>
${troubles(request, kind)}
<h2>What is set</h2>
${settingsTable(request)}
<h2>Keep this to yourself</h2>
<p>These files hold your own stream key. Whoever has it can stream in your place: do not pass the pack on, and do not show
OBS's stream settings or this page in the picture. If it got out, ask whoever invited you for a new one.</p>
${fields(request, profiles)}
</main>
</body>
</html>
`;
  return page.html;
}

function portableSteps(profiles: readonly Profile[], kind: PackKind): Html {
  const unpack =
    kind === 'complete'
      ? html`<li><b>Unpack the ZIP</b>: right-click it and choose <i>Extract All</i>. Nothing is installed; to be rid of it, delete the folder.</li>`
      : html`<li><b>Unpack this ZIP over OBS</b>. Get OBS for Windows as a ZIP, not as an installer, and unpack that first; then unpack this
one into the same folder, the one that has <i>bin</i> and <i>data</i> in it. An OBS that is installed stays as it is.</li>`;
  return html`<ol class="steps">
${unpack}
<li><b>Double-click <i>Start OBS</i></b> (<i>Start OBS.bat</i>). If Windows asks whether to run it, choose <i>More info</i> and <i>Run anyway</i>.</li>
<li><b>Choose your camera</b>: in OBS, below, under <i>Sources</i>, double-click <i>Your camera</i> and pick it from the list <i>Device</i>.
The microphone is the one that Windows uses; its bar under <i>Audio Mixer</i> moves when you speak.</li>
<li><b>Choose what to show</b> under <i>Scenes</i>: <i>Camera</i>, or <i>Screen</i>, which shows your first screen with its sound and your camera in the corner.</li>
<li><b>Press <i>Start Streaming</i></b>, on the right. Stop there too.</li>
</ol>${profiles.length > 1 ? html`<p>It starts with the profile <i>${profiles[0]?.name ?? ''}</i>.</p>` : html``}`;
}

function importSteps(profiles: readonly Profile[], { protocol }: PackRequest): Html {
  const folders = profiles.map(
    ({ folder, name }) => html`<li><i>${folder}</i> is <b><bdi>${name}</bdi></b></li>`,
  );
  return html`<ol class="steps">
<li><b>Unpack the ZIP</b>.${protocol === 'whip' ? ' You need OBS 30 or newer.' : ''}</li>
<li>In OBS: <b>Profile &gt; Import</b>, and choose ${profiles.length > 1 ? 'one of these folders' : 'this folder'}:
<ul>${folders}</ul></li>
<li><b>Profile</b>: choose it in the same menu. Your scenes, and the profiles that you have, stay as they are.</li>
<li><b>Press <i>Start Streaming</i></b>, on the right. Stop there too.</li>
</ol>`;
}

function whichProfile({ slots, encoder }: PackRequest, profiles: readonly Profile[]): Html {
  if (slots.length < 2) return html``;
  const first = profiles.filter((profile) => profile.encoder === encoder);
  const rows = first.map(
    ({ name, slot }) =>
      html`<tr><td><bdi>${name}</bdi></td><td>${slot.isTest ? 'nobody, to try it' : slot.stream}</td></tr>`,
  );
  const test = first.find(({ slot }) => slot.isTest)?.name;
  const advice =
    test === undefined
      ? html``
      : html` Try it with <i><bdi>${test}</bdi></i> first: the page of your invitation tells whether all is well.`;
  return html`<h2>Which profile</h2>
<p>OBS has these in its menu <i>Profile</i>. Choose one before you start to stream.${advice}</p>
<table><thead><tr><th>Profile</th><th>Goes to</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function encoderNote({ encoder }: PackRequest, profiles: readonly Profile[]): Html {
  const { tested, title, needs } = encoders[encoder];
  if (tested) return html``;
  const other = profiles.find((one) => one.encoder === 'x264')?.name ?? '';
  return html`<aside><b>${title}</b> is not tested with these settings. ${needs} If OBS says that it cannot start the encoder, or the picture is
bad, choose <i><bdi>${other}</bdi></i> in the menu <i>Profile</i>: the same by the processor.</aside>`;
}

function troubles({ protocol }: PackRequest, kind: PackKind): Html {
  const transport =
    protocol === 'whip'
      ? html`<dt>OBS cannot connect, or the picture breaks up</dt>
<dd>WHIP sends by UDP, which some networks lose or forbid. Use a cable instead of Wi-Fi; else download the pack once more and choose RTMP.</dd>`
      : html`<dt>OBS cannot connect</dt>
<dd>Look whether you are online, and whether a firewall forbids OBS to send.</dd>`;
  const missing =
    kind === 'profile'
      ? html``
      : html`<dt>The window says that OBS is not beside this file</dt><dd>The ZIP was opened, but not unpacked; or it was unpacked somewhere else than over OBS.</dd>
<dt>A newer pack</dt><dd>Unpack it over this folder. It brings the scenes back to how they were at the beginning: to keep yours, take <i>Profile only</i> on the page of your invitation, and import it.</dd>`;
  return html`<dl>${transport}
<dt>OBS speaks of a wrong channel or stream key</dt>
<dd>The key was replaced or taken back, maybe by a newer pack. Open your invitation again and download a new one.</dd>
<dt>OBS says "Encoding overloaded"</dt><dd>Close what the computer does besides; ask whether a smaller picture is welcome.</dd>
${missing}</dl>`;
}

function settingsTable({ protocol, picture, encoder }: PackRequest): Html {
  const rows: readonly (readonly [string, string])[] = [
    ['Protocol', protocol === 'whip' ? 'WHIP (the lowest delay)' : 'RTMP (survives a bad line)'],
    ['Picture', `${picture.width} x ${picture.height}, ${picture.fps} a second`],
    ['Bit rate', `${picture.kbps} kbit/s, constant`],
    ['Encoder', encoders[encoder].title],
    ['Keyframes', 'one a second, no B-frames'],
    ['Sound', protocol === 'whip' ? 'Opus, stereo' : 'AAC, stereo'],
  ];
  const cells = rows.map(([name, value]) => html`<tr><th>${name}</th><td>${value}</td></tr>`);
  return html`<table>${cells}</table>
<p>Your line must carry about a third more than the bit rate upwards.</p>`;
}

function fields(request: PackRequest, profiles: readonly Profile[]): Html {
  const slots = profiles.filter(({ encoder }) => encoder === request.encoder);
  const service = request.protocol === 'whip' ? 'WHIP' : 'Custom...';
  const rows = slots.map(
    ({ name, slot: { server, secret } }) =>
      html`<tr><td><bdi>${name}</bdi></td><td>${service}</td><td><code>${server}</code></td><td><code>${secret}</code></td></tr>`,
  );
  const secretField = request.protocol === 'whip' ? 'Bearer Token' : 'Stream Key';
  return html`<details><summary>Show what to type into OBS by hand</summary>
<p>Settings &gt; Stream:</p>
<div class="wide"><table><thead><tr><th>For</th><th>Service</th><th>Server</th><th>${secretField}</th></tr></thead><tbody>${rows}</tbody></table></div>
</details>`;
}

const STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; font: 17px/1.55 system-ui, 'Segoe UI', sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem; }
.lead { margin: .3rem 0 1.6rem; opacity: .75; }
.steps { padding-left: 1.4rem; } .steps > li { margin: .7rem 0; }
aside { border-left: 4px solid #b7791f; padding: .2rem 0 .2rem 1rem; margin: 1.5rem 0; }
dt { font-weight: 600; margin-top: .8rem; } dd { margin: .1rem 0 0; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .3rem 1.2rem .3rem 0; vertical-align: top; }
th { font-weight: 600; } td { overflow-wrap: anywhere; }
code { font: 14px/1.4 ui-monospace, Consolas, monospace; user-select: all; }
.wide { overflow-x: auto; } summary { cursor: pointer; } i { font-style: normal; font-weight: 600; }
`;
