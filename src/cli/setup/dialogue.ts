/** Questions in the terminal, one after another, each asked again until its answer makes sense. */
import { createInterface, type Interface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';

/** What an answer comes to, or what is wrong with it: a sentence for whoever typed it. */
export type Checked<Value> = { readonly value: Value } | { readonly wrong: string };

export type Question<Value> = {
  readonly text: string;
  /** Taken where nothing is typed; shown in brackets. */
  readonly usual?: string;
  readonly check: (text: string) => Checked<Value>;
};

type Terminal = {
  readonly input: Readable;
  readonly write: (text: string) => void;
  /** Ctrl-C, or the end of what is typed. Nothing was done so far. */
  readonly onCancel: () => void;
};

export class Dialogue {
  readonly #reader: Interface;
  readonly #write: (text: string) => void;
  /** Typed ahead, or pasted. */
  readonly #lines: string[] = [];
  #waiting: ((line: string) => void) | undefined;
  #isSilent = false;
  #isOver = false;

  constructor({ input, write, onCancel }: Terminal) {
    this.#write = write;
    const output = new Writable({
      write: (chunk, _encoding, done) => {
        if (!this.#isSilent) write(String(chunk));
        done();
      },
    });
    this.#reader = createInterface({ input, output, terminal: true, historySize: 0 });
    this.#reader.on('line', (line) => this.#heard(line));
    const cancel = () => {
      if (this.#isOver) return;
      this.close();
      onCancel();
    };
    this.#reader.on('SIGINT', cancel);
    this.#reader.on('close', cancel);
  }

  async ask<Value>({ text, usual, check }: Question<Value>): Promise<Value> {
    const prompt = usual === undefined || usual === '' ? `${text}: ` : `${text} [${usual}]: `;
    for (;;) {
      const line = (await this.#line(prompt)).trim();
      const checked = check(line === '' ? (usual ?? '') : line);
      if ('value' in checked) return checked.value;
      this.say(`  ${checked.wrong}`);
    }
  }

  /** Asked twice, never shown. */
  async askPassword(text: string, check: (password: string) => Checked<string>): Promise<string> {
    for (;;) {
      const password = await this.#secret(`${text}: `);
      const checked = check(password);
      if ('wrong' in checked) this.say(`  ${checked.wrong}`);
      else if ((await this.#secret('  once more: ')) === password) return password;
      else this.say('  The two are different. Try again.');
    }
  }

  confirm(text: string, usual: boolean): Promise<boolean> {
    return this.ask({
      text: `${text} [${usual ? 'Y/n' : 'y/N'}]`,
      check: (answer) => {
        if (answer === '') return { value: usual };
        if (/^y(es)?$/i.test(answer)) return { value: true };
        if (/^no?$/i.test(answer)) return { value: false };
        return { wrong: 'Answer y or n.' };
      },
    });
  }

  say(line: string): void {
    this.#write(`${line}\n`);
  }

  /** From now on Ctrl-C ends the program as it always does. */
  close(): void {
    this.#isOver = true;
    this.#reader.close();
  }

  async #secret(prompt: string): Promise<string> {
    this.#write(prompt);
    this.#isSilent = true;
    try {
      return await this.#line('');
    } finally {
      this.#isSilent = false;
      this.#write('\n');
    }
  }

  #line(prompt: string): Promise<string> {
    this.#reader.setPrompt(prompt);
    this.#reader.prompt();
    const typed = this.#lines.shift();
    if (typed !== undefined) return Promise.resolve(typed);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #heard(line: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#lines.push(line);
    else waiting(line);
  }
}
