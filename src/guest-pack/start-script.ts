/** Starts a portable OBS on Windows. Nothing in it is anybody's text, so there is nothing to escape; all of it is ASCII. */

const CONFIG = String.raw`..\..\config\obs-studio`;

const LINES = [
  '@echo off',
  'setlocal',
  'rem OBS finds portable_mode.txt and its settings from the folder of obs64.exe. pushd knows network folders too.',
  String.raw`pushd "%~dp0bin\64bit" 2>nul || goto missing`,
  'if not exist obs64.exe goto missing',
  'rem What a crash leaves behind, because of which OBS 30 and 31, or 32, would ask whether to start in safe mode.',
  String.raw`if exist "${CONFIG}\safe_mode" del /q "${CONFIG}\safe_mode"`,
  String.raw`if exist "${CONFIG}\.sentinel" rmdir /s /q "${CONFIG}\.sentinel"`,
  'start "" obs64.exe --portable --disable-updater --disable-missing-files-check',
  'popd',
  'exit /b 0',
  '',
  ':missing',
  'echo OBS is not beside this file.',
  'echo.',
  'echo Unpack the whole ZIP first: right-click it, then "Extract All". If the ZIP has no OBS in it,',
  'echo unpack it into the folder of OBS that has "bin" and "data" in it. start-here.html says how.',
  'echo.',
  'pause',
  'exit /b 1',
];

/** With the line ends that cmd.exe needs to find its labels. */
export function startScript(): string {
  return `${LINES.join('\r\n')}\r\n`;
}
