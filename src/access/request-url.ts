/** URLs as clients ask for them, in the form in which OvenMediaEngine compares, signs and passes them on. */

const PORTS: Readonly<Record<string, number>> = {
  http: 80,
  ws: 80,
  https: 443,
  wss: 443,
  rtmp: 1935,
};

/** With the port, also where it is the scheme's own; anything else stays as it came. */
export function withPort(url: string): string {
  const parts = /^([a-z]+):\/\/([^/?#]*)(.*)$/is.exec(url);
  if (parts === null) return url;
  const [, scheme = '', host = '', rest = ''] = parts;
  const port = PORTS[scheme.toLowerCase()];
  return port === undefined || /:\d+$/.test(host) ? url : `${scheme}://${host}:${port}${rest}`;
}
