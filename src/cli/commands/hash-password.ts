/** A password's hash for the configuration. */
import type { Command } from 'commander';
import {
  hashPassword,
  PASSWORD_LENGTH_MAX,
  PASSWORD_LENGTH_MIN,
} from '../../control/access/passwords.ts';
import { askPassword } from '../ask-password.ts';
import { mistake } from '../command-error.ts';
import { does } from '../context.ts';
import type { Print } from '../output.ts';

export function addHashCommand(program: Command, print: Print): void {
  does(
    program
      .command('hash-password')
      .description("print a password's hash, for `static_auth`; it is asked for, or piped in"),
    print,
    async ({ output }) => {
      const password = await askPassword();
      if (password.length < PASSWORD_LENGTH_MIN || password.length > PASSWORD_LENGTH_MAX) {
        throw mistake(
          `a password has ${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters. Choose another.`,
        );
      }
      const hash = await hashPassword(password);
      output.show({ hash }, () => hash);
    },
  );
}
