/** The few changes that a WHEP player makes to session descriptions. Text in, text out. */

const LINE_END = '\r\n';

/**
 * Asks for stereo. Chromium decodes Opus to mono unless its own description says `stereo=1`
 * (RFC 7587 §7: what the receiver prefers), and offers no other way to say it.
 */
export function preferStereo(sdp: string): string {
  const lines = linesOf(sdp);
  const opus = new Set(
    lines.flatMap((line) => /^a=rtpmap:(\d+) opus\/48000\/2$/i.exec(line)?.slice(1) ?? []),
  );
  return join(
    lines.map((line) => {
      const payloadType = /^a=fmtp:(\d+) /.exec(line)?.[1];
      const isOpus = payloadType !== undefined && opus.has(payloadType);
      return isOpus && !/[ ;]stereo=/.test(line) ? `${line};stereo=1` : line;
    }),
  );
}

/**
 * The server's answer as our encoder is to read it: browsers send mono, at 32 to 64 kbit/s, unless the other side's description
 * asks for more (RFC 7587 §7), and the encoder here is ours to set.
 */
export function askForOpus(
  answer: string,
  { stereo, maxBitrateBps }: { readonly stereo: boolean; readonly maxBitrateBps: number },
): string {
  const wanted = { stereo: stereo ? '1' : '0', maxaveragebitrate: String(maxBitrateBps) };
  return withFormat(answer, /^a=rtpmap:(\d+) opus\/48000\/2$/i, wanted);
}

/**
 * The server's answer as a browser of libwebrtc's is to read it that should begin with this bit rate, rather than find its way up from
 * 300 kbit/s. Others know nothing of it.
 */
export function startVideoAt(answer: string, bps: number): string {
  const wanted = { 'x-google-start-bitrate': String(Math.round(bps / 1000)) };
  return withFormat(answer, /^a=rtpmap:(\d+) (?:H264|H265|VP8|VP9|AV1)\/90000$/i, wanted);
}

/** Parameters for every payload type of a codec, in the place of those that it has by these names. */
function withFormat(sdp: string, codec: RegExp, wanted: Readonly<Record<string, string>>): string {
  const lines = linesOf(sdp);
  const meant = new Set(lines.flatMap((line) => codec.exec(line)?.slice(1) ?? []));
  const known = new Set<string>();
  const changed = lines.map((line) => {
    const [, payloadType, parameters = ''] = /^a=fmtp:(\d+) (.*)$/.exec(line) ?? [];
    if (payloadType === undefined || !meant.has(payloadType)) return line;
    known.add(payloadType);
    return `a=fmtp:${payloadType} ${withParameters(parameters, wanted)}`;
  });
  return join(
    changed.flatMap((line) => {
      const payloadType = /^a=rtpmap:(\d+) /.exec(line)?.[1];
      const isBare = payloadType !== undefined && meant.has(payloadType) && !known.has(payloadType);
      return isBare ? [line, `a=fmtp:${payloadType} ${withParameters('', wanted)}`] : [line];
    }),
  );
}

function withParameters(parameters: string, wanted: Readonly<Record<string, string>>): string {
  const kept = parameters
    .split(';')
    .map((parameter) => parameter.trim())
    .filter((parameter) => parameter !== '' && !(parameter.split('=')[0]! in wanted));
  return [...kept, ...Object.entries(wanted).map((pair) => pair.join('='))].join(';');
}

/**
 * The body of an ICE restart by PATCH (RFC 9725 §4.3.2, RFC 8840 §9): our new credentials, under the
 * first m-line, which carries the bundle. No candidates: the server learns ours from our checks.
 */
export function iceFragment(offer: string): string | undefined {
  const lines = linesOf(offer);
  const ufrag = lines.find((line) => line.startsWith('a=ice-ufrag:'));
  const pwd = lines.find((line) => line.startsWith('a=ice-pwd:'));
  const media = lines.find((line) => line.startsWith('m='));
  const mid = lines.find((line) => line.startsWith('a=mid:'));
  const group = lines.find((line) => line.startsWith('a=group:BUNDLE'));
  if (!ufrag || !pwd || !media || !mid) return undefined;
  return join([...(group ? [group] : []), media, mid, ufrag, pwd]);
}

/**
 * The answer that holds after an ICE restart: the old one with the fragment's credentials and candidates,
 * since the server says only what is new (RFC 9725 §4.3.2). Undefined when the fragment has none.
 */
export function restartedAnswer(answer: string, fragment: string): string | undefined {
  const fresh = linesOf(fragment);
  const ufrag = fresh.find((line) => line.startsWith('a=ice-ufrag:'));
  const pwd = fresh.find((line) => line.startsWith('a=ice-pwd:'));
  if (!ufrag || !pwd) return undefined;
  const candidates = fresh.filter((line) => /^a=(candidate:|end-of-candidates$)/.test(line));
  const stale = candidates.length > 0 ? /^a=(candidate:|end-of-candidates$)/ : /^$/;
  const kept = linesOf(answer)
    .filter((line) => !stale.test(line))
    .map((line) => {
      if (line.startsWith('a=ice-ufrag:')) return ufrag;
      return line.startsWith('a=ice-pwd:') ? pwd : line;
    });
  // They belong to the first m-line: the bundle's (RFC 8843 §7.1.1).
  const first = kept.findIndex((line) => line.startsWith('m='));
  const second = kept.findIndex((line, at) => at > first && line.startsWith('m='));
  kept.splice(second < 0 ? kept.length : second, 0, ...candidates);
  return join(kept);
}

function linesOf(sdp: string): string[] {
  return sdp.split(/\r?\n/).filter((line) => line !== '');
}

function join(lines: readonly string[]): string {
  return lines.map((line) => `${line}${LINE_END}`).join('');
}
