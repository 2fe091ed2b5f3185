/** Limits of what people type, for pages too: here is nothing that would make them larger. */

/** As in control/access/passwords.ts, which has the reasons; a test holds them together. */
export const PASSWORD_LENGTH_MAX = 256;
export const PASSWORD_LENGTH_MIN = 10;
