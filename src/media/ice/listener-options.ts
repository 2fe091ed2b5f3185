import type { Addon } from '../../native/addon.ts';
import type { IceRouter } from './router.ts';

/** What both ICE ports need. */
export type IceListenerOptions = {
  readonly address: string;
  /** 0 for any. */
  readonly port: number;
  readonly router: IceRouter;
  readonly addon: Addon;
  readonly complain: (text: string) => void;
  readonly clockMs: () => number;
};
