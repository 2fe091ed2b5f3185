import { StreamKey } from '../../access/stream-key.ts';
import type { Store } from './store.ts';

/** The key that guards publishing; made at the first start. */
export function publishKeyOf(store: Store): StreamKey {
  const known = store.setting('publish-key');
  if (known !== undefined) return new StreamKey(known);
  const key = StreamKey.generate();
  store.setSetting('publish-key', key.reveal());
  return key;
}
