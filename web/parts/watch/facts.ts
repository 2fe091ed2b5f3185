/** What the server says in the head of a page of ours about the streams that it shows. */

/** Undefined on a page that says why its visitor may not watch. */
export function readFacts<Facts>(name: 'stream' | 'streams'): Facts | undefined {
  const written = document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content;
  if (written === undefined) return undefined;
  try {
    return JSON.parse(written) as Facts;
  } catch {
    return undefined;
  }
}

/** For people: the label, or the name where it has none. */
export function titleOf({
  label,
  stream,
}: {
  readonly label: string;
  readonly stream: string;
}): string {
  return label.trim() === '' ? stream : label;
}
