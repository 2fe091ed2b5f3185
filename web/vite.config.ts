import { globSync } from 'node:fs';
import { defineConfig, type EnvironmentOptions, type Plugin } from 'vite';

const ROOT = import.meta.dirname;
const OUT = `${ROOT}/../dist/web`;

/** What the code relies on without a fallback: constructable style sheets are the youngest of it. */
const TARGET = ['chrome111', 'firefox113', 'safari16.4'];

/** Other people's pages say nothing of an encoding, or the wrong one: the script must read the same in any. */
const asciiOnly: Plugin = {
  name: 'ascii-only',
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === 'chunk') file.code = file.code.replace(/[^\0-\x7f]/g, escapeUnit);
    }
  },
};

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function classicScript(script: {
  readonly entry: string;
  readonly name: string;
  readonly file: string;
}): EnvironmentOptions {
  return {
    consumer: 'client',
    build: {
      outDir: OUT,
      emptyOutDir: false,
      copyPublicDir: false,
      lib: {
        entry: `${ROOT}/${script.entry}`,
        formats: ['iife'],
        name: script.name,
        fileName: () => script.file,
      },
    },
  };
}

/**
 * Three builds into one folder. `client`: the pages, assets named by their hash. `player` and `revive`: one self-contained
 * classic script each, with a fixed name, since other people's pages point at it.
 */
// biome-ignore lint/style/noDefaultExport: Vite reads its configuration from the default export
export default defineConfig({
  root: ROOT,
  plugins: [asciiOnly],
  publicDir: `${ROOT}/public`,
  // The pages' Content-Security-Policy allows neither data: scripts nor inline ones.
  build: { target: TARGET, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  environments: {
    client: {
      build: {
        outDir: OUT,
        emptyOutDir: true,
        rolldownOptions: {
          // A page is an HTML file here, and a line of src/control/http/pages.ts that says where it is.
          input: globSync(`${ROOT}/*.html`),
        },
      },
    },
    player: classicScript({ entry: 'player/index.ts', name: 'Millrace', file: 'player.js' }),
    revive: classicScript({
      entry: 'revive/index.ts',
      name: 'MillraceRevive',
      file: 'ovenplayer-revive.js',
    }),
  },
  builder: {
    async buildApp(builder) {
      for (const name of ['client', 'player', 'revive'])
        await builder.build(builder.environments[name]!);
    },
  },
});
