/** Offer and answer over HTTP, the same for WHIP (RFC 9725) and WHEP. */

export type Exchange = {
  readonly answer: string;
  /** Ends the session on the server. */
  leave(): Promise<void>;
};

const HTTP_TIMEOUT_MS = 10_000;

export async function exchange(
  url: string,
  offer: string,
  bearer: string | undefined,
): Promise<Exchange> {
  const authorization: Record<string, string> = bearer ? { authorization: `Bearer ${bearer}` } : {};
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp', ...authorization },
    body: offer,
    signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
  }).catch((error: Error) => {
    throw new Error(`${url} does not answer: ${String(error.cause ?? error)}`);
  });
  const answer = await response.text();
  const location = response.headers.get('location');
  if (response.status !== 201 || !location) {
    throw new Error(`${url} answered ${response.status}: ${answer.slice(0, 300)}`);
  }
  const session = new URL(location, url);
  return {
    answer,
    leave: async () => {
      const signal = AbortSignal.timeout(HTTP_TIMEOUT_MS);
      await fetch(session, { method: 'DELETE', headers: authorization, signal }).catch(() => {});
    },
  };
}
