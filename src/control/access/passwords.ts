/** Passwords as argon2id hashes (RFC 9106), in the customary text form. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** OWASP's least for argon2id: 19 MiB, two passes, one lane. Some 50 ms on another thread. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
/** RFC 9106 §3.1: version 1.3. */
const VERSION = 0x13;
/** Who waits longer than ten of these take is told to come back. */
const WAITING_MAX = 16;
/** Long enough for any sentence; each byte is hashed. */
export const PASSWORD_LENGTH_MAX = 256;
export const PASSWORD_LENGTH_MIN = 10;

const SHAPE = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/;

/** Of hashes that others made: what each comparison may cost, some ten times ours. */
const FOREIGN_MAX = { memoryKib: 262_144, passes: 16, lanes: 8 } as const;
/** RFC 9106 §3.1 has no less for a salt; a tag shorter than 128 bits is too easily met. */
const FOREIGN_BYTES_MIN = { salt: 8, tag: 16 } as const;

const derive = promisify(argon2);

/** Hashes and compares, one at a time: each takes 19 MiB, and the machine may have 1 GB. */
export class Passwords {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** Compared with where there is no account: who asks cannot tell by the time. */
  readonly #nobody: Promise<string>;

  constructor() {
    this.#nobody = this.hash(randomBytes(SALT_BYTES).toString('hex'));
    this.#nobody.catch(() => {}); // heard of where it is waited for
  }

  /** Too many are waiting already. */
  get isBusy(): boolean {
    return this.#waiting >= WAITING_MAX;
  }

  hash(password: string): Promise<string> {
    return this.#inTurn(() => hashPassword(password));
  }

  /** @param hash undefined where there is none to compare with: takes as long, and is wrong */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    const [, memory, passes, parallelism, salt = '', due = ''] =
      SHAPE.exec(hash ?? (await this.#nobody)) ?? [];
    const tag = Buffer.from(due, 'base64');
    if (tag.length === 0) return false;
    const found = await this.#inTurn(() =>
      derive('argon2id', {
        message: password.normalize('NFKC'),
        nonce: Buffer.from(salt, 'base64'),
        parallelism: Number(parallelism),
        tagLength: tag.length,
        memory: Number(memory),
        passes: Number(passes),
      }),
    );
    return timingSafeEqual(found, tag) && hash !== undefined;
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#waiting += 1;
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }
}

/** Whether {@link Passwords} can compare with it, at a bearable cost. */
export function isPasswordHash(text: string): boolean {
  const [, memory, passes, lanes, salt = '', tag = ''] = SHAPE.exec(text) ?? [];
  return (
    Number(memory) >= 8 * Number(lanes) &&
    Number(memory) <= FOREIGN_MAX.memoryKib &&
    Number(passes) >= 1 &&
    Number(passes) <= FOREIGN_MAX.passes &&
    Number(lanes) >= 1 &&
    Number(lanes) <= FOREIGN_MAX.lanes &&
    Buffer.from(salt, 'base64').length >= FOREIGN_BYTES_MIN.salt &&
    Buffer.from(tag, 'base64').length >= FOREIGN_BYTES_MIN.tag
  );
}

/** A PHC string. Where several may come at once, {@link Passwords} has them take turns. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await derive('argon2id', {
    message: password.normalize('NFKC'),
    nonce: salt,
    parallelism: LANES,
    tagLength: TAG_BYTES,
    memory: MEMORY_KIB,
    passes: PASSES,
  });
  const setup = `m=${MEMORY_KIB},t=${PASSES},p=${LANES}`;
  return `$argon2id$v=${VERSION}$${setup}$${base64(salt)}$${base64(tag)}`;
}

/** Base64 without padding, as PHC strings have it. */
function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
