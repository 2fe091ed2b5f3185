/** The page `/invite`: for somebody who was asked to stream. */
import { render } from 'preact';
import { start, startAnew } from './guest.ts';
import { InvitePage } from './page.tsx';

void start();
// Another link, pasted into this very tab, changes nothing but the part behind the #.
addEventListener('hashchange', startAnew);
render(<InvitePage />, document.getElementById('page') as HTMLElement);
