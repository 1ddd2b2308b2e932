#!/usr/bin/env node
const argv = process.argv.slice(2);

/** Each way loads what it needs: a copy may take less time than the parser of all commands. */
async function isCopied(): Promise<boolean> {
  if (argv[0] !== 'cp') return false;
  const { copyQuickly } = await import('./copy/quick.js');
  return copyQuickly(argv);
}

if (!(await isCopied())) {
  const { runCli } = await import('./run.js');
  await runCli(argv);
}
