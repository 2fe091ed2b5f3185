/** The JSON of one's own account: where one is signed in, and one's own password. */
import * as v from 'valibot';
import { roleWords } from './access.ts';
import { type Shape, says, time } from './schema.ts';
import { newPassword, password } from './sign-in.ts';

export const signInInfo = v.object({
  id: says(v.string(), 'Names it in URLs.'),
  isThis: says(v.boolean(), 'The browser that asks.'),
  address: says(v.string(), 'Where it was signed in from.'),
  userAgent: says(v.string(), 'What that browser calls itself.'),
  created: time,
  seen: says(time, 'When it was used last, to the hour.'),
  expires: says(time, 'It ends then, unless it is used before.'),
});
export const accountInfo = v.object({
  name: v.string(),
  role: v.picklist(roleWords),
  created: time,
  hasSecondFactor: v.boolean(),
  sessions: says(v.array(signInInfo), 'Where they are signed in, the one used last first.'),
});
export const passwordChange = v.strictObject({
  old: says(password, 'The one that is good now.'),
  password: newPassword,
});
export const passwordProof = v.strictObject({ password: says(password, "One's own.") });

export type AccountInfo = Shape<typeof accountInfo>;
export type SignInInfo = Shape<typeof signInInfo>;
