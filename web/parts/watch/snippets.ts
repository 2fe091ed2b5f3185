/** What owners of other sites paste to show a stream. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** A frame: nothing of the page around it can be reached from in there. */
export function frameSnippet(embedUrl: string, title: string): string {
  return `<iframe src="${escaped(embedUrl)}" title="${escaped(title)}" width="640" height="360" allow="autoplay; fullscreen; picture-in-picture; screen-wake-lock" style="border:0" loading="lazy"></iframe>`;
}

/** The player as part of the page, to be styled and scripted. */
export function scriptSnippet(origin: string, stream: string): string {
  return `<script src="${escaped(origin)}/player.js"></script>\n<millrace-player src="/${escaped(stream)}"></millrace-player>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
