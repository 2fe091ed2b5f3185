/** The player's icons: 24 × 24, drawn in the current colour. */
function icon(content: string): string {
  return `<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${content}</svg>`;
}

const SPEAKER =
  '<path d="M4 9.5v5h3.2L12 18.6V5.4L7.2 9.5z" fill="currentColor" stroke-linejoin="round"/>';

export const icons = {
  play: icon('<path d="M8 5.2v13.6L18.8 12z" fill="currentColor"/>'),
  pause: icon('<path d="M8.5 5.5v13M15.5 5.5v13" stroke-width="3.2"/>'),
  sound: icon(`${SPEAKER}<path d="M15.6 9a4.2 4.2 0 0 1 0 6M18.4 6.4a8 8 0 0 1 0 11.2"/>`),
  muted: icon(`${SPEAKER}<path d="m16.2 9.7 4.6 4.6m0-4.6-4.6 4.6"/>`),
  stats: icon('<path d="M5 19v-5M12 19V5M19 19v-9"/>'),
  pip: icon(
    '<path d="M3.5 6.5a1 1 0 0 1 1-1h15a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1z"/><path d="M12.5 12.5h5v3h-5z" fill="currentColor"/>',
  ),
  fullScreen: icon(
    '<path d="M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4"/>',
  ),
  exitFullScreen: icon(
    '<path d="M9 4v4a1 1 0 0 1-1 1H4M20 9h-4a1 1 0 0 1-1-1V4M15 20v-4a1 1 0 0 1 1-1h4M4 15h4a1 1 0 0 1 1 1v4"/>',
  ),
  waiting: icon(
    '<circle cx="12" cy="12" r="1.8" fill="currentColor" stroke="none"/><path d="M8.5 15.5a5 5 0 0 1 0-7M15.5 8.5a5 5 0 0 1 0 7M5.6 18.4a9 9 0 0 1 0-12.8M18.4 5.6a9 9 0 0 1 0 12.8"/>',
  ),
  error: icon('<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.2M12 16.3v.1"/>'),
} as const;
