import { randomSecret, Secret } from '../../access/secret.ts';
import { writeViewToken } from '../../access/view-token.ts';
import type { Store } from '../store/store.ts';
import type { StoredViewLink } from '../store/view-links.ts';

/** What view links are signed with; made when it is first needed. */
export function linkSecretOf({ settings }: Store): Secret {
  const known = settings.get('link-secret');
  if (known !== undefined) return new Secret(known, 'link secret');
  const made = randomSecret();
  settings.set('link-secret', made);
  return new Secret(made, 'link secret');
}

/** What stands in `?link=` of a view link: for who gives it out. */
export function tokenOf(link: StoredViewLink, store: Store): string {
  return writeViewToken(link, linkSecretOf(store));
}
