/** The JSON of signing in and out, of the first owner, and of the password that viewers give. */
import * as v from 'valibot';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, roleWords, scopeWords } from './access.ts';
import { type Shape, says } from './schema.ts';

const NAME_LENGTH_MAX = 100;
/** A code of six digits, perhaps with a space; one from the terminal has 19 characters. */
const CODE_LENGTH_MAX = 32;

const code = v.pipe(v.string(), v.maxLength(CODE_LENGTH_MAX, 'a code'));
const name = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1, 'a name'),
  v.maxLength(NAME_LENGTH_MAX, `of ${NAME_LENGTH_MAX} characters at most`),
);
export const password = v.pipe(
  v.string(),
  v.maxLength(PASSWORD_LENGTH_MAX, `of ${PASSWORD_LENGTH_MAX} characters at most`),
);
export const newPassword = v.pipe(
  password,
  v.minLength(PASSWORD_LENGTH_MIN, `of ${PASSWORD_LENGTH_MIN} characters at least`),
);

export const signIn = v.strictObject({
  name,
  password,
  code: says(v.optional(code), 'Of the second factor, where the account has one.'),
});
export const claim = v.strictObject({
  code: says(code, 'From the terminal.'),
  name,
  password: newPassword,
});
export const signedIn = v.object({ name: v.string(), role: v.picklist(roleWords) });
export const sessionInfo = v.object({
  person: says(
    v.nullable(
      v.object({
        ...signedIn.entries,
        scopes: says(v.array(v.picklist(scopeWords)), 'What the role may do in the API.'),
      }),
    ),
    'Who is signed in; null for nobody.',
  ),
  needsOwner: says(v.boolean(), 'Nobody is the owner yet: the terminal shows a code.'),
});
export const viewingPassword = v.strictObject({
  app: v.pipe(v.string(), v.maxLength(NAME_LENGTH_MAX, 'the name of an app')),
  password,
});
export const secondFactor = v.object({
  secret: says(v.string(), 'For an authenticator app, by hand.'),
  url: says(v.string(), 'The same for its camera.'),
});
export const secondFactorProof = v.strictObject({ code });

export type SessionInfo = Shape<typeof sessionInfo>;
