/** Targets of notifications that stand in the configuration. */
import type { Config } from '../config/config.ts';
import { StartError } from '../start-error.ts';
import type { NotifyTarget } from './target.ts';
import { toTarget } from './target-list.ts';

/** Fails with a {@link StartError} that says which key to mend. */
export function configuredTargets({ notify }: Pick<Config, 'notify'>): NotifyTarget[] {
  return [...(notify ?? [])].map(([name, given]) => {
    const { kind = 'discord', url, secret, events, streams } = given;
    const place = `notify.${name}`;
    if (url === undefined) throw new StartError(`${place}.url is missing: where it is to go.`);
    if (kind === 'webhook' && secret === undefined) {
      throw new StartError(
        `${place}.secret is missing: what the receiver verifies signatures with. Make one: echo "whsec_$(openssl rand -base64 32)"`,
      );
    }
    const wanted = { name, kind, url: url.reveal(), secret: secret?.reveal(), events, streams };
    // Ids that are made are hexadecimal: these never meet them.
    const from = { mayBePrivate: true, isConfigured: true };
    const target = toTarget(`config:${name}`, wanted, from);
    if (!('mustBe' in target)) return target;
    throw new StartError(`${place}.${target.field} must be ${target.mustBe}.`);
  });
}
