import type { PersonInfo } from '../../../../src/api/access.ts';

type Role = PersonInfo['role'];

/** What people may do here. */
export const ROLES: Readonly<Record<Role, { readonly label: string; readonly may: string }>> = {
  owner: { label: 'Owner', may: 'May do everything.' },
  producer: {
    label: 'Producer',
    may: 'Sees who is on, kicks and bans, makes keys, links and invites.',
  },
  guest: { label: 'Guest', may: 'Watches what members may watch.' },
  viewer: { label: 'Viewer', may: 'Watches what members may watch.' },
};

export const ROLE_OPTIONS = (Object.keys(ROLES) as Role[]).map((value) => ({
  value,
  label: ROLES[value].label,
}));
