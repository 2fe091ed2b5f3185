/** Passwords for parts of the owner's pages: HTTP's basic authentication (RFC 7617). */
import { createHmac, randomBytes } from 'node:crypto';
import { Secret } from '../../access/secret.ts';
import { tooManyAttempts, WRONG_PASSWORD } from '../access/guess-problems.ts';
import type { Limits } from '../access/limits.ts';
import { PASSWORD_LENGTH_MAX, type Passwords } from '../access/passwords.ts';
import type { SitePart } from '../config/site-kinds.ts';
import type { Problem } from '../problem.ts';

/** Who got in lately, by all their paths. Who is forgotten costs one hash more. */
const PROOFS_MAX = 256;
const PROOF_KEY_BYTES = 32;
/** Others are being hashed; each takes some 50 ms. */
const BUSY_RETRY_S = 1;

export type SiteRequest = {
  /** Where the file lies, and where its URL says: the first that is protected counts. */
  readonly places: readonly string[];
  /** The header, as it came. */
  readonly authorization: string | undefined;
  readonly address: string;
};

type Given = { readonly user: string; readonly password: string };

export class SitePasswords {
  readonly #passwords: Passwords;
  readonly #limits: Pick<Limits, 'guess'>;
  readonly #nowMs: () => number;
  #parts: readonly SitePart[];
  /** What is or was found right: a page has many files, and its browser sends the password with each. */
  readonly #proofs = new Map<string, Promise<boolean>>();
  readonly #proofKey = randomBytes(PROOF_KEY_BYTES);

  constructor(
    parts: readonly SitePart[],
    deps: {
      readonly passwords: Passwords;
      readonly limits: Pick<Limits, 'guess'>;
      readonly nowMs: () => number;
    },
  ) {
    this.#parts = parts;
    this.#passwords = deps.passwords;
    this.#limits = deps.limits;
    this.#nowMs = deps.nowMs;
  }

  /** From now on these hold. */
  reconfigure(parts: readonly SitePart[]): void {
    this.#parts = parts;
  }

  /** Whether somebody may see a file: `open` to everybody, or only to who proved it. */
  async check({
    places,
    authorization,
    address,
  }: SiteRequest): Promise<'open' | 'let-in' | Problem> {
    const parts = this.#partsFor(places);
    const [first] = parts;
    if (first === undefined) return 'open';
    const given = credentialsIn(authorization);
    if (given === undefined) return refusal(first.path, PASSWORD_NEEDED);
    const name = new Secret(given.user);
    // All of them, so that the time does not tell which names there are.
    const [part] = parts.filter(({ user }) => name.matches(user));
    const proof = this.#proofOf(given, part);
    const known = this.#proofs.get(proof);
    if (known === undefined) {
      const waitS = this.#waitS(address);
      if (waitS !== undefined) return tooManyAttempts(waitS);
    }
    const isRight = await (known ?? this.#prove(proof, given.password, part));
    return isRight ? 'let-in' : refusal(first.path, WRONG_PASSWORD);
  }

  /** All entries of the innermost protected folder. */
  #partsFor(places: readonly string[]): readonly SitePart[] {
    for (const place of places) {
      const around = this.#parts.filter(
        ({ path }) => place === path || place.startsWith(`${path}/`),
      );
      const longest = Math.max(...around.map(({ path }) => path.length));
      if (around.length > 0) return around.filter(({ path }) => path.length === longest);
    }
    return [];
  }

  #waitS(address: string): number | undefined {
    const waitS = this.#limits.guess(address, this.#nowMs());
    return waitS ?? (this.#passwords.isBusy ? BUSY_RETRY_S : undefined);
  }

  /** By a key that nobody knows: what is kept leads back to no password, and a search by it tells nothing. */
  #proofOf({ user, password }: Given, part: SitePart | undefined): string {
    const facts = JSON.stringify([user, password, part?.path, part?.hash]);
    return createHmac('sha256', this.#proofKey).update(facts).digest('base64');
  }

  #prove(proof: string, password: string, part: SitePart | undefined): Promise<boolean> {
    const forget = () => this.#proofs.delete(proof);
    const proving = this.#passwords.matches(password, part?.hash);
    this.#proofs.set(proof, proving);
    proving.then((isRight) => isRight || forget(), forget);
    for (const oldest of this.#proofs.keys()) {
      if (this.#proofs.size <= PROOFS_MAX) break;
      this.#proofs.delete(oldest);
    }
    return proving;
  }
}

/** RFC 7617 §2: base64 of `user:password`, in UTF-8 as our challenge asks for. */
function credentialsIn(authorization = ''): Given | undefined {
  const [, encoded] = /^Basic +([\w+/]+={0,2}) *$/i.exec(authorization) ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  const [user, password] = [text.slice(0, colon), text.slice(colon + 1)];
  return password.length <= PASSWORD_LENGTH_MAX ? { user, password } : undefined;
}

/** Browsers ask for a name and a password, and remember them for the realm. */
function refusal(path: string, problem: Problem): Problem {
  const realm = encodeURI(`${path}/`);
  return {
    ...problem,
    headers: {
      'WWW-Authenticate': `Basic realm="${realm}", charset="UTF-8"`,
      'Cache-Control': 'no-store',
    },
  };
}

const PASSWORD_NEEDED: Problem = {
  status: 401,
  reason: 'password-needed',
  detail: 'This page is for who has a name and a password for it.',
};
